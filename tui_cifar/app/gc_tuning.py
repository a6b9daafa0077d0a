"""Keeps the garbage collector from interrupting the drawing.

Now and then Python's collector looks at every object there is. With PyTorch and Textual loaded that takes 40 ms and more, in
the middle of a page turn. Nearly all of those objects are modules, functions and styles that live as long as the program.
"""

from __future__ import annotations

import gc

_reasons: set[str] = set()


def disable_gc_until_first_frame() -> None:
    """Collect nothing until the first call of `freeze_gc`: what is made before the first frame stays anyway."""
    gc.disable()


def freeze_gc(reason: str) -> None:
    """Have the collector ignore all objects that exist now; once for each reason given.

    Garbage among them is never collected, which is why this is done a fixed number of times.
    """
    if reason not in _reasons:
        _reasons.add(reason)
        gc.freeze()
    gc.enable()
