"""How many images fit into a place, and how large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_cifar.render.text.line import Line, beside

SIDES, SMALL_SIDES = range(32, 11, -2), (10, 8)
"""Columns that an image may take; it takes half as many lines. Captions below small images say little: they are the last
resort."""
MIN_GAP, MAX_GAP = 2, 6
ENOUGH = 6
"""Images on a page from which larger ones are better than more of them."""


@dataclass(frozen=True, slots=True)
class Captions:
    """How much room captions need."""

    one_line: int = 0
    """Columns of a caption in one line; images that are narrower get two lines."""
    two_lines: int = 0
    """Columns of a caption in two lines; images that are narrower get a cell of this width."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Images in columns and rows, each with its caption below. A `side` of 0 means a list without images."""

    side: int
    columns: int
    rows: int
    gap: int = MIN_GAP
    """Blank columns between two cells."""
    caption_lines: int = 1
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
        """Lines of a cell; 1 in a list."""
        return self.side // 2 + self.caption_lines if self.side else 1

    def place_at(self, x: int, y: int) -> int | None:
        """Which image of the page is at a cell of the terminal; None between and below the images."""
        column, row = x // (self.width + self.gap) if self.side else 0, y // self.height
        return row * self.columns + column if column < self.columns and row < self.rows else None


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
    """The grid for a place of `width` by `height` cells; a list if no image fits.

    Args:
        side: columns of an image; None picks the size that fills most of the place with at least `enough` images.
        most: how many images there are; room for more is worth nothing.
        captions: the room that captions need; a single short line by default.
        sides: the columns that an image may take.
    """

    def grid(s: int) -> Grid:
        lines, cell = (1, s) if s >= captions.one_line else (2, max(s, captions.two_lines))
        least = max(1, MIN_GAP - (cell - s))
        columns, rows = (width + least) // (cell + least), height // (s // 2 + lines)
        columns = min(columns, most or columns)
        gap = (width - columns * cell) // (columns - 1) if columns > 1 else least
        return Grid(s, columns, rows, min(MAX_GAP, max(least, gap)), lines, cell - s)

    def worth(g: Grid) -> float:
        count = min(g.page, most or g.page)
        size: float = g.side**2.15  # the area, with a slight preference for larger images
        return min(count, enough, most or enough) * count * size

    if side is not None and grid(side).page:
        return grid(side)
    for choice in (sides, SMALL_SIDES):
        best = max((grid(s) for s in choice), key=worth)
        if best.page:
            return best
    return Grid(0, 1, max(1, height))


def in_rows(blocks: Sequence[list[Line]], grid: Grid) -> list[Line]:
    """A page of blocks, each in a cell of the grid; those that do not fit are left out."""
    lines: list[Line] = []
    shown = blocks[: grid.page]
    for start in range(0, len(shown), grid.columns):
        lines += beside([(grid.width, block) for block in shown[start : start + grid.columns]], grid.gap)
    return lines
