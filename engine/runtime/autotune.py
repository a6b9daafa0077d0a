"""How the hardware is used: threads, precision, memory layout. On a CPU measured at the start of a run, never assumed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

SECONDS = 0.9
"""What a measurement may take."""
LEAST_TURNS = 2
"""Of each pair, even where the time is over: on a busy machine a single slow moment would decide."""
CLEAR, CLEAR_TURNS = 0.75, 3
"""A step that takes less than this share of another's time, after so many turns of both, is not measured on."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What decides speed and the last bits of a result, beside the machine. A resumed run takes the recorded one."""

    threads: int = 0
    """CPU threads of the training loop; 0 leaves them as they are."""
    precision: str = "float32"
    """Of convolutions and matrix products, by autocast; weights, sums and losses are float32 in any case."""
    memory_format: str = "channels_last"

    @property
    def layout(self) -> torch.memory_format:
        """The memory format as PyTorch names it."""
        return torch.channels_last if self.memory_format == "channels_last" else torch.contiguous_format

    @property
    def dtype(self) -> torch.dtype:
        """The precision as PyTorch names it."""
        return torch.bfloat16 if self.precision == "bfloat16" else torch.float32

    def autocast(self, device: torch.device) -> AbstractContextManager[Any]:
        """The context that a forward pass runs in."""
        return torch.autocast(device.type, torch.bfloat16) if self.dtype == torch.bfloat16 else nullcontext()

    def apply(self) -> None:
        """Set the calling thread's number of threads. (In PyTorch it belongs to the calling thread.)"""
        if self.threads:
            torch.set_num_threads(self.threads)

    def as_dict(self) -> dict[str, Any]:
        """The values by name, plain types only."""
        return asdict(self)


def available_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_counts() -> list[int]:
    """The counts worth trying: one, all cores but one, all cores."""
    cores = available_cores()
    return sorted({1, max(1, cores - 1), cores})


def choose(
    fixed: Tuning, free: Iterable[str], make_step: Callable[[Tuning], Callable[[], object]], seconds: float = SECONDS
) -> Tuning:
    """The tuning under which a step runs fastest.

    One value is changed at a time, the one that matters most first, starting from all cores, float32, channels last. Each
    pair takes turns, so that a slow moment of the machine falls on both, and each is judged by its fastest step. Where the
    time is over, what was not measured stays as it is. Leaves the calling thread at the winner's number of threads.

    Args:
        fixed: the values that are not free.
        free: names of the values to choose.
        make_step: gives a training step on scratch weights under a tuning.
        seconds: what the measurement may take in all, a few steps for each candidate aside.
    """
    best, names = fixed, set(free)
    if "threads" in names:
        best = replace(best, threads=available_cores())
    rivals: dict[str, list[Any]] = {
        "precision": ["bfloat16"],
        "threads": [n for n in thread_counts() if n != best.threads],
        "memory_format": ["contiguous"],
    }
    deadline = time.perf_counter() + seconds
    for name in [n for n in rivals if n in names]:
        for value in rivals[name]:
            if time.perf_counter() >= deadline:
                break
            rival = replace(best, **{name: value})
            share = time.perf_counter() + (deadline - time.perf_counter()) / 2
            best = _faster(best, rival, make_step, share)
    best.apply()
    return best


def cuda_tuning(device: torch.device, precision: str | None = None) -> dict[str, Any]:
    """What suits a GPU: bfloat16, channels last, where its matrix units know that format; else float32, contiguous.

    Not measured: a step that is launched kernel by kernel, as a measurement before the training would have to, takes a small
    network the time of the launches in any precision. (On an H200 that chose float32 for a network that is limited by
    arithmetic and memory once its steps are recorded.)

    Args:
        device: a CUDA device.
        precision: where it is fixed.
    """
    known = torch.cuda.get_device_capability(device)[0] >= 8  # others emulate it
    precision = precision or ("bfloat16" if known else "float32")
    return {"precision": precision, "memory_format": "channels_last" if precision == "bfloat16" else "contiguous"}


def _faster(one: Tuning, other: Tuning, make_step: Callable[[Tuning], Callable[[], object]], until: float) -> Tuning:
    """The one whose fastest step is faster; `one` where they are within 3 %."""
    fastest = {t: float("inf") for t in (one, other)}
    steps = {t: make_step(t) for t in fastest}
    for t, step in steps.items():  # the first step after a change wakes threads and makes kernels
        t.apply()
        step()
    turns = 0
    while True:
        for t, step in steps.items():
            t.apply()
            start = time.perf_counter()
            step()
            fastest[t] = min(fastest[t], time.perf_counter() - start)
        turns += 1
        low, high = sorted(fastest.values())
        over = time.perf_counter() >= until and turns >= LEAST_TURNS
        if over or (turns >= CLEAR_TURNS and low < CLEAR * high):
            break
    return other if fastest[other] < 0.97 * fastest[one] else one
