"""The confusion matrix as a heat map with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.style import Style

from tui_cifar.render.images.mosaic import Line
from tui_cifar.render.text.ink import Inks, words
from tui_cifar.render.text.text import cut
from tui_cifar.run.predictions import f1, precision, recall

SHARES = ("counts", "share of true class", "share of predicted class")


@dataclass(frozen=True, slots=True)
class Heat:
    """Colours of the heat: from the ground to correct (the diagonal) and to wrong (the rest), as RGB; None for none."""

    ground: tuple[int, int, int]
    correct: tuple[int, int, int]
    wrong: tuple[int, int, int]
    text: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Steps:
    """The heat where a terminal has 256 colours: a few of them, each clearly stronger than the one before."""

    correct: tuple[int, ...]
    """For the diagonal, from `CORRECT_FROM` on: numbers of colours."""
    wrong: tuple[int, ...]
    """For the rest, from `WRONG_FROM` on."""
    text: Style


DARK_STEPS = (22, 28), (52, 88, 124)
LIGHT_STEPS = (194, 157), (224, 217, 210)
CORRECT_FROM = 0.01, 0.75
WRONG_FROM = 0.01, 0.03, 0.08
"""Shares from which each step is shown."""


def cell_texts(confusion: np.ndarray, share: int) -> list[list[str]]:
    """The numbers as they are written: counts, or whole per cents of the row (1) or the column (2); nothing for 0."""
    if share == 0:
        return [[f"{v:d}" if v else "·" for v in row] for row in confusion.tolist()]
    parts = shares(confusion, share)
    return [
        [("·" if not c else "<1" if p < 0.01 else f"{int(p * 100 + 0.5)}") for p, c in zip(row, counts, strict=True)]
        for row, counts in zip(parts.tolist(), confusion.tolist(), strict=True)
    ]


def shares(confusion: np.ndarray, share: int) -> np.ndarray:
    """float (n, n) in [0, 1]: each cell's share of its row, or, where `share` is 2, of its column."""
    whole = confusion.sum(0, keepdims=True) if share == 2 else confusion.sum(1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts: np.ndarray = np.where(whole > 0, confusion / whole, 0.0)
    return parts


def visible(count: int, cursor: int, room: int) -> range:
    """The part of `count` rows or columns that is shown: `room` of them, the cursor's among them."""
    room = max(1, min(room, count))
    start = min(max(0, cursor - room // 2), count - room)
    return range(start, start + room)


def short_names(names: Sequence[str], width: int) -> list[str]:
    """The names cut to `width`, as "airp auto bird"; where two would then be the same, a number each."""
    short = [cut(name, width) if width >= 6 else name[:width] for name in names]
    if len(set(short)) == len(short):
        return short
    return [str(i) for i in range(1, len(names) + 1)]


def matrix_lines(
    confusion: np.ndarray,
    names: tuple[str, ...],
    order: list[int],
    cursor: tuple[int, int],
    width: int,
    height: int,
    share: int,
    inks: Inks,
    heat: Heat | Steps | None,
) -> list[Line]:
    """The matrix: a line of heads, a line a true class with its recall and F1, and a line of precisions.

    Args:
        confusion: int (n, n), rows true, columns predicted.
        order: the classes in the order in which they are shown.
        cursor: (row, column) as shown, not as in `confusion`.
        share: which numbers, as in `SHARES`.
        heat: None where colours can't be shown; the numbers say all.
    """
    n = len(names)
    digits = max((len(t) for row in cell_texts(confusion, share) for t in row), default=1)
    name_width = max(10, min(max(map(len, names), default=4) + 1, width // 7))
    cell = max(5, digits + 1) if width >= name_width + n * max(5, digits + 1) + 15 else max(4, digits + 1)
    cell = max(cell, min(max(map(len, names), default=4) + 1, (width - name_width - 16) // max(1, n), 11))
    columns = visible(n, cursor[1], (width - name_width - 15) // cell)
    rows = visible(n, cursor[0], height - 3)
    texts, parts = cell_texts(confusion, share), shares(confusion, share or 1)
    found, precise, both = recall(confusion), precision(confusion), f1(confusion)
    heads: Line = [words(" " * name_width, inks.dim)]
    short = short_names(names, cell - 1)
    for c in columns:
        ink = inks.accent if c == cursor[1] else inks.dim
        heads.append(words(f"{short[order[c]]:>{cell}}", ink))
    heads.append(words("   recall     F1", inks.dim))
    lines = [heads]
    numbered = short[:1] == ["1"] and names[:1] != ("1",)
    for r in rows:
        true = order[r]
        name = f"{short[true]} {names[true]}" if numbered else names[true]
        line: Line = [words(f"{cut(name, name_width - 1):{name_width}}", inks.accent if r == cursor[0] else inks.text)]
        for c in columns:
            text = f"{texts[true][order[c]]:>{cell}}"
            if (r, c) == cursor:
                line.append(words(text, inks.cursor))
            else:
                line.append(words(text, _heated(float(parts[true, order[c]]), r == c, heat, inks)))
        line.append(words(f"{_per_cent(found[true]):>9}{_per_cent(both[true]):>7}", inks.text))
        lines.append(line)
    foot: Line = [words(f"{'precision':{name_width}}"[:name_width], inks.dim)]
    foot += [words(f"{_per_cent(precise[order[c]], short=cell < 5):>{cell}}", inks.text) for c in columns]
    total = int(confusion.sum())
    foot.append(words(f"{_per_cent(np.trace(confusion) / total if total else np.nan):>9}", inks.strong))
    foot.append(words(" of all", inks.dim))
    lines.append(foot)
    if len(columns) < n or len(rows) < n:
        told = f"rows {rows.start + 1}–{rows.stop}, columns {columns.start + 1}–{columns.stop} of {n}"
        lines.append([words(told, inks.dim)])
    return lines


def _per_cent(value: float, short: bool = False) -> str:
    return "–" if value != value else f"{value * 100:.0f}" if short or value >= 0.9995 else f"{value * 100:.1f}"


def _heated(part: float, diagonal: bool, heat: Heat | Steps | None, inks: Inks) -> Style:
    if isinstance(heat, Steps):
        colours, bounds = (heat.correct, CORRECT_FROM) if diagonal else (heat.wrong, WRONG_FROM)
        step = sum(part >= b for b in bounds)
        if step:
            return heat.text + Style(bgcolor=f"color({colours[step - 1]})", bold=diagonal or None)
        heat = None
    if heat is None or part <= 0:
        return inks.strong if diagonal else inks.text if part > 0.05 else inks.dim
    # Errors are small shares: their heat grows with the root, so that 2 % and 10 % differ to the eye.
    strength = 0.08 + 0.5 * part if diagonal else min(1.0, 1.6 * part**0.5)
    to = heat.correct if diagonal else heat.wrong
    ground = [round(g + (t - g) * min(0.85, strength * 0.8)) for g, t in zip(heat.ground, to, strict=True)]
    back = "#{:02x}{:02x}{:02x}".format(*ground)
    fore = "#{:02x}{:02x}{:02x}".format(*heat.text)
    return Style(color=fore, bgcolor=back, bold=diagonal or None)
