"""Which threads of the process run first where there are more of them than cores.

Training keeps every core busy, and a key that waits for its turn among the training's threads is answered late. The screen
takes a few hundredths of a core, so the training hardly feels that it is let through. Both means belong to Linux, where each
thread has its own; elsewhere nothing changes.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

NICE = -5
"""What the screen's threads have below the others; only where the system allows it, as it mostly does to root alone."""
SLICE = 100_000
"""Nanoseconds that the screen's threads want at a time, 0 for the usual: since Linux 6.12 who wants little gets it sooner."""
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
"""Number of the system call; few C libraries have a function for it."""

_usual = os.getpriority(os.PRIO_PROCESS, 0)


def run_first() -> None:
    """Have this thread, and those that it starts from now on, run before others as far as the system allows."""
    _set(_usual + NICE, SLICE)


def run_as_usual() -> None:
    """Take back for this thread what it has from one that runs first."""
    _set(_usual, 0)


def _set(nice: int, slice: int) -> None:
    if not sys.platform.startswith("linux") or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return
    try:
        os.setpriority(os.PRIO_PROCESS, 0, nice)  # 0 is the calling thread
    except OSError:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
    if (number := _SCHED_SETATTR.get(platform.machine())) is not None:
        # struct sched_attr: its size, policy, flags (8 bytes), nice, priority, slice, deadline, period
        attributes = struct.pack("=IIQiIQQQ", 48, os.SCHED_OTHER, 0, nice, 0, slice, 0, 0)
        ctypes.CDLL(None).syscall(number, 0, attributes, 0)  # what an older kernel or a sandbox refuses is left out
