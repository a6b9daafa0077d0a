"""Loads PyTorch without holding up the process's other threads.

`import torch` opens shared libraries of several hundred megabytes, and Python holds its global lock all the while: a user
interface in another thread stands still for half a second and more. Opened by a foreign call, which gives the lock free,
they are there already when `import torch` asks for them. The import then makes some hundred thousand objects that stay, and
Python's garbage collector, which looks through all of them each time their number has grown by a quarter, holds the lock for
up to a tenth of a second: it is kept from that.
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
"""In the order in which they need each other."""


def preload_torch() -> None:
    """Open PyTorch's libraries. Where that fails nothing is lost: `import torch` opens them itself, or says why not."""
    if "torch" in sys.modules or not sys.platform.startswith("linux"):
        return
    found = find_spec("torch")
    if found is None or found.origin is None:
        return
    dlopen = ctypes.CDLL(None).dlopen  # a foreign function, unlike `CDLL(path)`: it runs without the lock
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    folder = Path(found.origin).parent / "lib"
    for number, name in enumerate(LIBRARIES):
        # The first is opened for all to see, as PyTorch does itself; the others as Python opens modules.
        if (path := folder / name).exists() and not dlopen(
            os.fsencode(path), os.RTLD_NOW | (os.RTLD_GLOBAL if number == 0 else 0)
        ):
            return


@contextmanager
def gc_paused_for_import() -> Iterator[None]:
    """For the first import of PyTorch: no garbage collection within, and none ever of what is alive at the end."""
    if "torch" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
