"""A page of predictions: images in rows and columns with their captions, or a list where images cannot be drawn."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from tui_cifar.render.images.captions import as_cursor, caption, caption_lines, prediction_of
from tui_cifar.render.images.cells import thumbnail_lines
from tui_cifar.render.images.grid import Grid, in_rows
from tui_cifar.render.look import Look, Styles
from tui_cifar.render.text.line import Line, spread
from tui_cifar.run.predictions import Results

_CAPTION_WIDTH = 46
"""Columns of a caption in the list: those of CIFAR-10's longest, with the image's number."""


def gallery(
    results: Results, numbers: np.ndarray, cursor: int | None, grid: Grid, width: int, look: Look
) -> list[Line]:
    """A page of images.

    Args:
        numbers: int (K,), the images of this page.
        cursor: the number of the image under the cursor.
        width: columns of the list, where images cannot be drawn.
    """
    if not grid.side or results.images is None:
        return [_listed(results, n, width, look.styles, current=n == cursor) for n in numbers.tolist()]
    blocks = []
    for number in numbers.tolist():
        below = caption_lines(prediction_of(results, number), grid, look.styles, current=number == cursor)
        image = thumbnail_lines(results.images[number], grid.side, look.mode, light=look.light)
        blocks.append([*image, *below])
    return in_rows(blocks, grid)


def _listed(results: Results, number: int, width: int, styles: Styles, *, current: bool) -> Line:
    """One prediction as a line of text."""
    figures = f"  loss {results.loss[number]:6.3f}  margin {results.margin[number]:.2f}  " if width >= 62 else ""
    room = max(0, width - len(figures) - bool(figures))
    line = caption(prediction_of(results, number), min(_CAPTION_WIDTH, room), styles)
    line = spread(line, [Segment(figures, styles.dim)], width)
    return as_cursor(line, styles) if current else line
