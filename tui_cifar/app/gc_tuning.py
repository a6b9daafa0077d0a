"""Shorter pauses while drawing.

Now and then Python's garbage collector looks at every object there is. With PyTorch and Textual loaded that takes 40 ms and
more, in the midst of a page turn. Nearly all of those objects are modules, functions and styles that live as long as the
program does.
"""

from __future__ import annotations

import gc

_spared: set[str] = set()


def disable_gc_until_first_frame() -> None:
    """No collection until the first call of `freeze_gc`: what is made until the first frame stays anyway."""
    gc.disable()


def freeze_gc(why: str) -> None:
    """Have the collector pass over all objects of this moment from now on; once for each `why`.

    Garbage among them is never collected, which is why this is done a fixed number of times.
    """
    if why not in _spared:
        _spared.add(why)
        gc.freeze()
    gc.enable()
