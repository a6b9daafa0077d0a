"""The accuracy of each class over the epochs: a small curve per class, and the chosen class large."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.segment import Segment

from tui_cifar.render.charts.curves import curve, in_steps, sparkline
from tui_cifar.render.charts.matrix import visible
from tui_cifar.render.look import Look
from tui_cifar.render.text.format import cut, signed
from tui_cifar.render.text.line import Line, beside


def class_history(
    names: Sequence[str],
    accuracies: Sequence[list[float]],
    epochs: tuple[int, int],
    chosen: int,
    width: int,
    height: int,
    look: Look,
) -> list[Line]:
    """The small curves and, if there is room, the chosen class large beside them.

    Args:
        accuracies: for each class its accuracy after each epoch, in [0, 1].
        epochs: the first and the last epoch.
        chosen: a class.
    """
    name_width = min(max(map(len, names)), 14)
    curve_width = max(12, min(40, width // 4))
    left = name_width + curve_width + 16
    small = _small_curves(names, accuracies, chosen, (name_width, curve_width, left), height, look)
    room = width - left - 3
    if room < 16:
        return small
    return beside(
        [(left, small), (room, _large_curve(names[chosen], accuracies[chosen], epochs, room, height, look))], 3
    )


def _small_curves(
    names: Sequence[str],
    accuracies: Sequence[list[float]],
    chosen: int,
    widths: tuple[int, int, int],
    height: int,
    look: Look,
) -> list[Line]:
    """Name, curve, latest accuracy and its change; all curves have the same scale."""
    styles, (name_width, curve_width, width) = look.styles, widths
    tall = max(1, min(5, (height - 2) // max(1, len(names))))
    lowest, highest = min(map(min, accuracies)), max(map(max, accuracies))
    lines: list[Line] = []
    for i in visible(len(names), chosen, (height - 2) // tall):
        values = accuracies[i]
        change = (values[-1] - values[-2]) * 100 if len(values) > 1 else 0.0
        rows = curve(values, curve_width, tall, lowest, highest, ascii=look.ascii)
        if tall == 1 and look.ascii:
            rows = [sparkline(in_steps(values, curve_width), curve_width, lowest, highest)]
        for y, row in enumerate(rows):
            labelled = y == (tall - 1) // 2
            name = cut(names[i], name_width) if labelled else ""
            lines.append(
                [
                    Segment(f"{name:{name_width}}", styles.cursor if i == chosen and labelled else styles.text),
                    Segment(f" {row:{curve_width}}", styles.accent if i == chosen else styles.dim),
                    Segment(f"{values[-1] * 100:6.1f}" if labelled else "", styles.text),
                    Segment(f"{signed(change, 1):>6}" if change and labelled else "", styles.dim),
                ]
            )
    scale = f"curves from {lowest * 100:.1f} to {highest * 100:.1f} %"
    return [*lines, [], [Segment(cut(scale, width), styles.dim)]]


def _large_curve(
    name: str, values: list[float], epochs: tuple[int, int], width: int, height: int, look: Look
) -> list[Line]:
    """One class with its axes."""
    styles = look.styles
    low, high = math.floor(min(values) * 20) / 20, math.ceil(max(values) * 20) / 20  # multiples of 5 %
    low, high = (low, high) if high > low else (max(0.0, low - 0.05), min(1.0, high + 0.05))
    tall = max(1, min(height - 4, 48))
    lines: list[Line] = [[Segment(f"{name}  {values[-1] * 100:.1f} %", styles.strong)]]
    for y, row in enumerate(curve(values, width - 7, tall, low, high, ascii=look.ascii)):
        value = (high - (high - low) * y / max(1, tall - 1)) * 100
        label = f"{value:5.1f}┤" if y in (0, tall // 2, tall - 1) else "     │"
        lines.append([Segment(label, styles.dim), Segment(row, styles.accent)])
    lines.append([Segment("     └" + "─" * (width - 7), styles.dim)])
    first, last = f"epoch {epochs[0]}", f"{epochs[1]}"
    lines.append([Segment(" " * 6 + first + last.rjust(max(1, width - 7 - len(first))), styles.dim)])
    return lines
