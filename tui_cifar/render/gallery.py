"""Test pictures in rows and columns, each with what it was taken for."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from tui_cifar.render.grid import Grid, in_rows
from tui_cifar.render.ink import Inks, fitted, spread, words
from tui_cifar.render.mosaic import Line, Mode, padded, thumbnail_lines
from tui_cifar.render.text import cut
from tui_cifar.results import Results


def caption(results: Results, number: int, width: int, inks: Inks, *, chosen: bool = False) -> Line:
    """ "✗ dog, is cat 0.98      #4,117", as much of it as fits, padded to `width`."""
    names = results.class_names
    true, predicted, right = names[results.labels[number]], names[results.predicted[number]], results.right[number]
    mark = words("✓ " if right else "✗ ", inks.right if right else inks.wrong)
    confidence, place = f" {results.confidence[number]:.2f}", f"#{number:,}"
    told = true if right else f"{predicted}, is {true}"
    room = width - 2
    parts: Line = [mark]
    if len(told) + len(confidence) + len(place) + 2 <= room:
        parts += [words(told, inks.text), words(confidence, inks.dim)]
        parts = spread(parts, [words(place, inks.dim)], width)
    elif len(told) + len(confidence) <= room:
        parts += [words(told, inks.text), words(confidence, inks.dim)]
    elif len(told) <= room:
        parts.append(words(told, inks.text))
    elif right or room < 9:
        parts.append(words(cut(told, room), inks.text))
    else:
        each = (room - 4) // 2
        first = cut(predicted, max(each, room - 4 - len(true)))
        parts.append(words(f"{first} is {cut(true, room - 4 - len(first))}", inks.text))
    line = padded(fitted(parts, width), width)
    if chosen:
        return [Segment("".join(s.text for s in line), inks.cursor)]
    return line


def gallery(
    results: Results,
    numbers: np.ndarray,
    first: int,
    chosen: int,
    grid: Grid,
    width: int,
    mode: Mode,
    inks: Inks,
    *,
    light: bool = False,
) -> list[Line]:
    """A page of pictures.

    Args:
        numbers: the selection, int (K,).
        first: where in it the page begins.
        chosen: where in it the cursor is.
    """
    page = range(first, min(first + grid.page, len(numbers)))
    if not grid.side or results.pictures is None:
        return [listing(results, int(numbers[i]), width, inks, chosen=i == chosen) for i in page]
    blocks = []
    for i in page:
        number = int(numbers[i])
        below = caption(results, number, grid.side, inks, chosen=i == chosen)
        blocks.append([*thumbnail_lines(results.pictures[number], grid.side, mode, light=light), below])
    return in_rows(blocks, grid)


def listing(results: Results, number: int, width: int, inks: Inks, *, chosen: bool = False) -> Line:
    """A picture as a line of words, where pictures can't be drawn."""
    figures = f"  loss {results.loss[number]:6.3f}  margin {results.margin[number]:.2f}  " if width >= 62 else "  "
    line = spread(
        caption(results, number, min(40, width), inks)[:2] if width < 20 else caption(results, number, 36, inks),
        [words(figures, inks.dim)],
        width,
    )
    if chosen:
        return [Segment("".join(s.text for s in line), inks.cursor)]
    return line
