"""Loads PyTorch without stalling the other threads of the process.

`import torch` opens shared libraries of several hundred megabytes while it holds Python's global lock: a user interface in
another thread stands still for half a second and more. A foreign call releases the lock, so the libraries are opened by one
beforehand.

The import also creates some hundred thousand objects that stay alive. Python's garbage collector would traverse all of
them again and again as their number grows, for up to a tenth of a second each time, also with the lock held.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = ("libtorch_global_deps.so", "libc10.so", "libtorch_cpu.so", "libtorch.so", "libtorch_python.so")
"""PyTorch's own, in its folder `lib`; each needs those before it."""


def preload_torch() -> None:
    """Open PyTorch's libraries. If one can't be opened, `import torch` opens the rest itself, or says why it can't."""
    if "torch" in sys.modules or not sys.platform.startswith("linux"):
        return
    found = find_spec("torch")
    if found is None or found.origin is None:
        return
    dlopen = ctypes.CDLL(None).dlopen  # releases the lock, as `ctypes.CDLL(path)` does not
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    folder = Path(found.origin).parent / "lib"
    for number, name in enumerate(LIBRARIES):
        # The first with its symbols for all to see, as PyTorch opens it; the others as Python opens extension modules.
        if (path := folder / name).exists() and not dlopen(
            os.fsencode(path), os.RTLD_NOW | (os.RTLD_GLOBAL if number == 0 else 0)
        ):
            return


@contextmanager
def gc_paused_for_import() -> Iterator[None]:
    """Around the first import of PyTorch: collect no garbage meanwhile, and never traverse what is alive at the end."""
    if "torch" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
