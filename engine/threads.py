"""How many CPU threads the training loop uses: measured, not assumed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch


def available_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_threads(step: Callable[[], object], seconds: float = 0.6) -> int:
    """The thread count under which `step` runs fastest, out of one, all cores but one, and all cores.

    The counts take turns, so that a slow moment of the machine falls on all of them; each is judged by its fastest step.
    Leaves the calling thread set to the winner. (PyTorch's thread count belongs to the calling thread.)

    Args:
        step: one training step on scratch weights.
        seconds: what the measurement may take in all, at least one step for each count aside.
    """
    cores = available_cores()
    fastest = dict.fromkeys(sorted({1, max(1, cores - 1), cores}), float("inf"))
    if len(fastest) > 1:
        deadline = time.perf_counter() + seconds
        warm = False
        while not warm or time.perf_counter() < deadline:
            for count in fastest:
                torch.set_num_threads(count)
                step()  # the first step after a change wakes the threads
                for _ in range(3 if warm else 1):
                    start = time.perf_counter()
                    step()
                    fastest[count] = min(fastest[count], time.perf_counter() - start)
            warm = True
    best = min(fastest, key=lambda count: fastest[count])
    torch.set_num_threads(best)
    return best
