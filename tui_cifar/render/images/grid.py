"""How many images fit into a place, and how large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_cifar.render.images.mosaic import Line, beside

SIDES, SMALL_SIDES = range(32, 11, -2), (10, 8)
"""Columns that an image may take; it takes half as many lines. Words below a small one say little, so it is the last resort."""
MIN_GAP, MAX_GAP = 2, 6
ENOUGH = 6
"""Images on a page from which larger ones are better than more of them."""


@dataclass(frozen=True, slots=True)
class Captions:
    """How wide the words below an image are."""

    one_line: int = 0
    """Columns that they take in one line; below a narrower image they have two."""
    two_lines: int = 0
    """Columns that they take in two; a narrower image gets a cell of that width."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Images in columns and rows, each with a line or two of words below; `side` 0 stands for a list without images."""

    side: int
    columns: int
    rows: int
    gap: int = MIN_GAP
    """Blank columns between two cells."""
    words: int = 1
    """Lines of words below an image."""
    margin: int = 0
    """Columns by which a cell is wider than its image."""

    @property
    def page(self) -> int:
        """Images on a page."""
        return self.columns * self.rows

    @property
    def width(self) -> int:
        """Columns of a cell."""
        return self.side + self.margin

    @property
    def height(self) -> int:
        """Lines of a cell; of a list, one."""
        return self.side // 2 + self.words if self.side else 1


def fit(
    width: int,
    height: int,
    side: int | None = None,
    *,
    most: int | None = None,
    enough: int = ENOUGH,
    captions: Captions = Captions(),
    sides: Sequence[int] = SIDES,
) -> Grid:
    """The layout for a place of `width` by `height` cells; a list where no image fits.

    Args:
        side: the columns of an image, as asked for; None takes what fills most of the place with `enough` images or more.
        most: images that there are; room for more counts for nothing.
        captions: the words below an image; one short line if left out.
        sides: the columns that an image may take.
    """

    def grid(s: int) -> Grid:
        words, cell = (1, s) if s >= captions.one_line else (2, max(s, captions.two_lines))
        least = max(1, MIN_GAP - (cell - s))
        columns, rows = (width + least) // (cell + least), height // (s // 2 + words)
        columns = min(columns, most or columns)
        gap = (width - columns * cell) // (columns - 1) if columns > 1 else least
        return Grid(s, columns, rows, min(MAX_GAP, max(least, gap)), words, cell - s)

    def worth(g: Grid) -> float:
        count = min(g.page, most or g.page)
        size: float = g.side**2.15  # the area, and a little for larger ones
        return min(count, enough, most or enough) * count * size

    if side is not None and grid(side).page:
        return grid(side)
    for choice in (sides, SMALL_SIDES):
        best = max((grid(s) for s in choice), key=worth)
        if best.page:
            return best
    return Grid(0, 1, max(1, height))


def in_rows(blocks: Sequence[list[Line]], grid: Grid) -> list[Line]:
    """As many blocks as fit on a page, each in a cell of the grid."""
    lines: list[Line] = []
    shown = blocks[: grid.page]
    for start in range(0, len(shown), grid.columns):
        lines += beside([(grid.width, block) for block in shown[start : start + grid.columns]], grid.gap)
    return lines
