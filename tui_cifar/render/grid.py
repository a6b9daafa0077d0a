"""How many pictures fit into a place, and how large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_cifar.render.mosaic import Line, beside

SIDES, SMALL_SIDES = range(32, 11, -2), (10, 8)
"""Columns that a picture may take; it takes half as many lines. Words below a small one say little, so it is the last resort."""
MIN_GAP, MAX_GAP = 2, 6
ENOUGH = 6
"""Pictures on a page from which larger ones are better than more of them."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Pictures in columns and rows, each with a line of words below; `side` 0 stands for a list without pictures."""

    side: int
    columns: int
    rows: int
    gap: int = MIN_GAP

    @property
    def page(self) -> int:
        """Pictures on a page."""
        return self.columns * self.rows


def fit(width: int, height: int, side: int | None = None, *, most: int | None = None, enough: int = ENOUGH) -> Grid:
    """The layout for a place of `width` by `height` cells; a list where no picture fits.

    Args:
        side: the columns of a picture, as asked for; None takes what fills most of the place with `enough` pictures or more.
        most: pictures that there are; room for more counts for nothing.
    """

    def grid(s: int) -> Grid:
        columns, rows = (width + MIN_GAP) // (s + MIN_GAP), height // (s // 2 + 1)
        columns = min(columns, most or columns)
        gap = (width - columns * s) // (columns - 1) if columns > 1 else MIN_GAP
        return Grid(s, columns, rows, min(MAX_GAP, max(MIN_GAP, gap)))

    def worth(g: Grid) -> float:
        count = min(g.page, most or g.page)
        size: float = g.side**2.15  # the area, and a little for larger ones
        return min(count, enough, most or enough) * count * size

    if side is not None and grid(side).page:
        return grid(side)
    for sides in (SIDES, SMALL_SIDES):
        best = max((grid(s) for s in sides), key=worth)
        if best.page:
            return best
    return Grid(0, 1, max(1, height))


def in_rows(blocks: Sequence[list[Line]], grid: Grid) -> list[Line]:
    """As many blocks as fit on a page, each `grid.side` wide."""
    lines: list[Line] = []
    shown = blocks[: grid.page]
    for start in range(0, len(shown), grid.columns):
        lines += beside([(grid.side, block) for block in shown[start : start + grid.columns]], grid.gap)
    return lines
