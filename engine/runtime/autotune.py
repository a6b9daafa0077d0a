"""Threads, precision and memory format: on a CPU, chosen by a short measurement at the start of a run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

SECONDS = 0.9
"""Time budget of a measurement."""
MIN_ROUNDS = 2
"""Rounds per comparison, even if the time is over: on a busy machine, a single slow moment would decide."""
CLEAR_RATIO, CLEAR_ROUNDS = 0.75, 3
"""A comparison ends early if, after this many rounds, one step takes less than this fraction of the other's time."""
MIN_GAIN = 0.03
"""A value is replaced only by one that is faster by at least this fraction."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How the hardware is used. It affects speed and the last bits of results, so a resumed run keeps the recorded one."""

    threads: int = 0
    """CPU threads of the training loop; 0 for PyTorch's default."""
    precision: str = "float32"
    """Of convolutions and matrix products, by autocast: "float32" or "bfloat16". Weights, sums and losses are float32."""
    memory_format: str = "channels_last"
    """Of images and activations: "channels_last" or "contiguous"."""

    @property
    def layout(self) -> torch.memory_format:
        """The memory format for PyTorch."""
        return torch.channels_last if self.memory_format == "channels_last" else torch.contiguous_format

    @property
    def dtype(self) -> torch.dtype:
        """The precision for PyTorch."""
        return torch.bfloat16 if self.precision == "bfloat16" else torch.float32

    def autocast(self, device: torch.device) -> AbstractContextManager[Any]:
        """The context for a forward pass."""
        return torch.autocast(device.type, torch.bfloat16) if self.dtype == torch.bfloat16 else nullcontext()

    def apply(self) -> None:
        """Set the number of threads, which PyTorch keeps for each calling thread."""
        if self.threads:
            torch.set_num_threads(self.threads)

    def as_dict(self) -> dict[str, Any]:
        """The values by name."""
        return asdict(self)


def available_cores() -> int:
    """Number of cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_counts() -> list[int]:
    """The thread counts worth trying: one, all cores but one, all cores."""
    cores = available_cores()
    return sorted({1, max(1, cores - 1), cores})


def choose(
    fixed: Tuning, free: Iterable[str], make_step: Callable[[Tuning], Callable[[], object]], seconds: float = SECONDS
) -> Tuning:
    """Find the tuning under which a step runs fastest, and apply it to the calling thread.

    Starting from all cores, float32 and channels last, one value is changed at a time, the most important first. The two
    candidates of a comparison run alternately, so that a slow moment of the machine affects both, and each is judged by its
    fastest step. Once the time is over, remaining values stay as they are.

    Args:
        fixed: the values that are not free.
        free: names of the values to choose.
        make_step: makes a training step on scratch weights for a tuning.
        seconds: time budget, apart from a few steps per candidate.
    """
    best, names = fixed, set(free)
    if "threads" in names:
        best = replace(best, threads=available_cores())
    alternatives: dict[str, list[Any]] = {
        "precision": ["bfloat16"],
        "threads": [n for n in thread_counts() if n != best.threads],
        "memory_format": ["contiguous"],
    }
    deadline = time.perf_counter() + seconds
    for name in [n for n in alternatives if n in names]:
        for value in alternatives[name]:
            now = time.perf_counter()
            if now >= deadline:
                break
            best = _faster(best, replace(best, **{name: value}), make_step, until=(now + deadline) / 2)
    best.apply()
    return best


def cuda_tuning(device: torch.device, precision: str | None = None) -> dict[str, Any]:
    """Precision and memory format for a GPU: bfloat16 and channels last if it supports bfloat16, else float32 and contiguous.

    This is not measured. Before training, steps could only be launched kernel by kernel, and those of a small network then
    take as long as the launches, in any precision. (On an H200, that chose float32 for a network that is limited by
    arithmetic and memory once its steps are recorded.)

    Args:
        device: a CUDA device.
        precision: None to choose it.
    """
    supported = torch.cuda.get_device_capability(device)[0] >= 8  # older ones emulate bfloat16
    precision = precision or ("bfloat16" if supported else "float32")
    return {"precision": precision, "memory_format": "channels_last" if precision == "bfloat16" else "contiguous"}


def _faster(one: Tuning, other: Tuning, make_step: Callable[[Tuning], Callable[[], object]], until: float) -> Tuning:
    """The candidate with the faster step; `one` unless the other is faster by `MIN_GAIN`."""
    fastest = {t: float("inf") for t in (one, other)}
    steps = {t: make_step(t) for t in fastest}
    for t, step in steps.items():  # the first step starts threads and prepares kernels
        t.apply()
        step()
    rounds = 0
    while True:
        for t, step in steps.items():
            t.apply()
            start = time.perf_counter()
            step()
            fastest[t] = min(fastest[t], time.perf_counter() - start)
        rounds += 1
        low, high = sorted(fastest.values())
        over = time.perf_counter() >= until and rounds >= MIN_ROUNDS
        if over or (rounds >= CLEAR_ROUNDS and low < CLEAR_RATIO * high):
            break
    return other if fastest[other] < (1 - MIN_GAIN) * fastest[one] else one
