"""Freed memory: kept for the next step while training, returned to the system afterwards.

By default, glibc returns large blocks to the system, so that every training step takes page faults for them again. A page
fault costs about a microsecond per four kilobytes, more than filling them does; a step on large batches would take a hundred
thousand.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
_NEVER = 2**31 - 1
_STRIDE = 1 << 26  # bytes


def keep_freed_memory() -> bool:
    """Have glibc's malloc reuse blocks of any size. Call it before the process starts a thread. False without glibc.

    All threads then use one arena, which only grows. Arenas of their own would consist of pieces of 64 MB: a large block would
    be mapped from the system each time, or be a piece that is returned as soon as it is empty.
    """
    mallopt = _function("mallopt")
    if mallopt is None:
        return False
    wanted = ((_M_ARENA_MAX, 1), (_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _NEVER), (_M_TOP_PAD, _STRIDE))
    return all([mallopt(name, value) for name, value in wanted])


def return_freed_memory() -> bool:
    """Return all free memory to the system, and a GPU's to its other users.

    Returns:
        False without glibc, or if there was nothing to return to the system.
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
