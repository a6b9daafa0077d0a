"""The confusion matrix as a table of numbers on a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.segment import Segment
from rich.style import Style

from tui_cifar.render.look import Styles
from tui_cifar.render.text.format import cut
from tui_cifar.render.text.line import Line
from tui_cifar.run.metrics import f1, precision, recall

NORMALISATIONS = ("counts", "% of true class", "% of predicted class")
COUNTS, BY_TRUE, BY_PREDICTED = range(3)


@dataclass(frozen=True, slots=True)
class Heat:
    """RGB colours: the background is mixed with `correct` on the diagonal and with `wrong` elsewhere."""

    background: tuple[int, int, int]
    correct: tuple[int, int, int]
    wrong: tuple[int, int, int]
    text: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Steps:
    """For terminals with 256 colours: a few background colours, each clearly stronger than the previous one."""

    correct: tuple[int, ...]
    """Palette numbers on the diagonal, for shares from `CORRECT_FROM` on."""
    wrong: tuple[int, ...]
    """Elsewhere, for shares from `WRONG_FROM` on."""
    text: Style


DARK_STEPS = (22, 28), (52, 88, 124)
LIGHT_STEPS = (194, 157), (224, 217, 210)
CORRECT_FROM = 0.01, 0.75
WRONG_FROM = 0.01, 0.03, 0.08
"""The share at which each step begins."""


def cell_texts(confusion: np.ndarray, normalisation: int) -> list[list[str]]:
    """The numbers as they are written: counts or whole per cents, "·" for 0."""
    if normalisation == COUNTS:
        return [[f"{v:d}" if v else "·" for v in row] for row in confusion.tolist()]
    parts = shares(confusion, normalisation)
    return [
        [("·" if not c else "<1" if p < 0.01 else f"{int(p * 100 + 0.5)}") for p, c in zip(row, counts, strict=True)]
        for row, counts in zip(parts.tolist(), confusion.tolist(), strict=True)
    ]


def shares(confusion: np.ndarray, normalisation: int) -> np.ndarray:
    """float (n, n) in [0, 1]: each cell's share of its column if `BY_PREDICTED`, else of its row."""
    whole = confusion.sum(0, keepdims=True) if normalisation == BY_PREDICTED else confusion.sum(1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts: np.ndarray = np.where(whole > 0, confusion / whole, 0.0)
    return parts


def visible(count: int, cursor: int, room: int) -> range:
    """Which `room` of `count` rows or columns are shown, so that the cursor's is among them."""
    room = max(1, min(room, count))
    start = min(max(0, cursor - room // 2), count - room)
    return range(start, start + room)


def short_names(names: Sequence[str], width: int) -> list[str]:
    """The names cut to `width`, as in "airp auto bird"; if two of them would become the same, numbers instead."""
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
    normalisation: int,
    styles: Styles,
    heat: Heat | Steps | None,
) -> list[Line]:
    """The matrix: a line of heads, a line for each true class with its recall and F1, and a line of precisions.

    Args:
        confusion: int (n, n), rows true, columns predicted.
        order: the classes in display order.
        cursor: (row, column) in display order.
        normalisation: which numbers, a place in `NORMALISATIONS`.
        heat: None if there are no colours; the numbers say everything.
    """
    n = len(names)
    digits = max((len(t) for row in cell_texts(confusion, normalisation) for t in row), default=1)
    name_width = max(10, min(max(map(len, names), default=4) + 1, width // 7))
    cell = max(5, digits + 1) if width >= name_width + n * max(5, digits + 1) + 15 else max(4, digits + 1)
    cell = max(cell, min(max(map(len, names), default=4) + 1, (width - name_width - 16) // max(1, n), 11))
    columns = visible(n, cursor[1], (width - name_width - 15) // cell)
    rows = visible(n, cursor[0], height - 3)
    texts, parts = cell_texts(confusion, normalisation), shares(confusion, normalisation)
    found, precise, both = recall(confusion), precision(confusion), f1(confusion)
    heads: Line = [Segment(" " * name_width, styles.dim)]
    short = short_names(names, cell - 1)
    for c in columns:
        ink = styles.accent if c == cursor[1] else styles.dim
        heads.append(Segment(f"{short[order[c]]:>{cell}}", ink))
    heads.append(Segment("   recall     F1", styles.dim))
    lines = [heads]
    numbered = short[:1] == ["1"] and names[:1] != ("1",)
    for r in rows:
        true = order[r]
        name = f"{short[true]} {names[true]}" if numbered else names[true]
        line: Line = [
            Segment(f"{cut(name, name_width - 1):{name_width}}", styles.accent if r == cursor[0] else styles.text)
        ]
        for c in columns:
            text = f"{texts[true][order[c]]:>{cell}}"
            if (r, c) == cursor:
                line.append(Segment(text, styles.cursor))
            else:
                line.append(Segment(text, _heated(float(parts[true, order[c]]), r == c, heat, styles)))
        line.append(Segment(f"{_per_cent(found[true]):>9}{_per_cent(both[true]):>7}", styles.text))
        lines.append(line)
    foot: Line = [Segment(f"{'precision':{name_width}}"[:name_width], styles.dim)]
    foot += [Segment(f"{_per_cent(precise[order[c]], short=cell < 5):>{cell}}", styles.text) for c in columns]
    total = int(confusion.sum())
    foot.append(Segment(f"{_per_cent(np.trace(confusion) / total if total else np.nan):>9}", styles.strong))
    foot.append(Segment(" of all", styles.dim))
    lines.append(foot)
    if len(columns) < n or len(rows) < n:
        text = f"rows {rows.start + 1}–{rows.stop}, columns {columns.start + 1}–{columns.stop} of {n}"
        lines.append([Segment(text, styles.dim)])
    return lines


def _per_cent(value: float, short: bool = False) -> str:
    return "–" if value != value else f"{value * 100:.0f}" if short or value >= 0.9995 else f"{value * 100:.1f}"


def _heated(part: float, diagonal: bool, heat: Heat | Steps | None, styles: Styles) -> Style:
    if isinstance(heat, Steps):
        colours, bounds = (heat.correct, CORRECT_FROM) if diagonal else (heat.wrong, WRONG_FROM)
        step = sum(part >= b for b in bounds)
        if step:
            return heat.text + Style(bgcolor=f"color({colours[step - 1]})", bold=diagonal or None)
        heat = None
    if heat is None or part <= 0:
        return styles.strong if diagonal else styles.text if part > 0.05 else styles.dim
    # Errors are small shares: their heat grows with the square root, so that 2 % and 10 % look different.
    strength = 0.08 + 0.5 * part if diagonal else min(1.0, 1.6 * part**0.5)
    to = heat.correct if diagonal else heat.wrong
    mixed = [round(b + (t - b) * min(0.85, strength * 0.8)) for b, t in zip(heat.background, to, strict=True)]
    back = "#{:02x}{:02x}{:02x}".format(*mixed)
    fore = "#{:02x}{:02x}{:02x}".format(*heat.text)
    return Style(color=fore, bgcolor=back, bold=diagonal or None)
