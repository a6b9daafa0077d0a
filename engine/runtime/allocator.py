"""Keep freed memory for the next step: glibc otherwise gives big blocks back, and each step takes page faults for them anew.

A page fault costs about a microsecond for four kilobytes, more than filling them does. A training step on large batches
would take a hundred thousand.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
_NEVER = 2**31 - 1
_STRIDE = 1 << 26  # bytes


def keep_freed_memory() -> bool:
    """Have glibc's malloc reuse blocks of any size. Call before the process starts a thread. False where there is no glibc.

    Everything comes from one arena that only grows. The arenas that threads have otherwise are made of pieces of 64 MB, so a
    big block is one of the system's own in each case, or a piece given back as soon as it is empty.
    """
    mallopt = _function("mallopt")
    if mallopt is None:
        return False
    wanted = ((_M_ARENA_MAX, 1), (_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _NEVER), (_M_TOP_PAD, _STRIDE))
    return all([mallopt(name, value) for name, value in wanted])


def return_freed_memory() -> bool:
    """Return all memory that is free to the system, and a GPU's to its other users.

    False where there is no glibc, or nothing to return to the system.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    malloc_trim = _function("malloc_trim")
    return malloc_trim is not None and bool(malloc_trim(0))


def _function(name: str) -> Callable[..., int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        return getattr(ctypes.CDLL(None), name)  # type: ignore[no-any-return]
    except (OSError, AttributeError):
        return None
