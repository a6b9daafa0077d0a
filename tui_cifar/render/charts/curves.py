"""Small curves made of characters: a line high, or in braille."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

EIGHTHS = "▁▂▃▄▅▆▇█"
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def sparkline(values: Sequence[float], width: int, low: float = 0.0, high: float = 1.0) -> str:
    """A curve one line high: the latest `width` values, each as a block in one of eight heights."""
    if width <= 0:
        return ""
    span = high - low or 1.0
    newest = list(values)[-width:]
    return "".join(EIGHTHS[min(7, max(0, int((v - low) / span * 8)))] for v in newest)


def curve(
    values: Sequence[float], width: int, height: int, low: float, high: float, *, ascii: bool = False
) -> list[str]:
    """A curve in `width` by `height` cells, from the left edge to the right one, in braille or, in ASCII, in stars.

    Args:
        low, high: the values at the bottom and the top.
    """
    if width <= 0 or height <= 0:
        return []
    across, up = (1, 1) if ascii else (2, 4)
    dots = np.zeros((height * up, width * across), dtype=bool)
    if len(values):
        at = np.linspace(0, len(values) - 1, width * across)
        heights = np.interp(at, np.arange(len(values)), np.asarray(values, dtype=float))
        rows = (
            ((high - heights) / ((high - low) or 1.0) * (height * up - 1)).round().clip(0, height * up - 1).astype(int)
        )
        for x, row in enumerate(rows.tolist()):
            before = rows[x - 1] if x else row
            dots[min(row, before) : max(row, before) + 1, x] = True
            if abs(row - before) > 1:  # a vertical join belongs to one column only
                dots[before, x] = x == 0 or dots[before, x - 1]
    if ascii:
        return ["".join("*" if d else " " for d in line) for line in dots]
    out = []
    for y in range(height):
        cells = np.zeros(width, dtype=int)
        for dy, pair in enumerate(_DOTS):
            for dx, bit in enumerate(pair):
                cells |= np.where(dots[y * 4 + dy, dx::2], bit, 0)
        out.append("".join(chr(0x2800 + c) if c else " " for c in cells.tolist()))
    return out


def in_steps(values: list[float], width: int) -> list[float]:
    """Few values, each repeated so that together they fill most of `width`."""
    return [v for v in values for _ in range(max(1, width // max(1, len(values))))]
