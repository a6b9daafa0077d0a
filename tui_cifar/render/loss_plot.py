"""The loss plot: plotext draws curves and axes; what it is fed, and the ticks, are chosen here."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import plotext
from rich.text import Text

from tui_cifar.render.text import plain

Point = tuple[float, float]

_BACKGROUND = re.compile(r"\x1b\[48;[0-9;]*m")
"""plotext paints behind its axes; the terminal's own background is to stay."""


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours as "#rrggbb"."""

    train: str
    validation: str
    axes: str
    text: str


@dataclass(frozen=True, slots=True)
class Options:
    """How the loss is drawn."""

    log_scale: bool = False
    smoothing: float = 0.0
    """Weight of what came before in the mean that is drawn, 0 for none."""
    recent: bool = False
    """Only the last part of the run: a quarter of it, and at least two epochs."""
    ascii: bool = False


def draw_loss(train: Sequence[Point], valid: Sequence[Point], best: Point | None, width: int, height: int, colours: Colours,
              options: Options = Options()) -> list[Text]:
    """The plot as `height` lines of at most `width` cells, the last of them the legend.

    Args:
        train: training loss, (epochs since the start, loss), left to right.
        valid: validation loss at whole epochs.
        best: the point to mark as the best.
        width: cells across.
        height: lines.
        colours: of curves and axes.
        options: scale, smoothing, window.

    Returns:
        No lines where there is no room (less than 16 by 5) or nothing to draw yet.
    """
    if width < 16 or height < 5:
        return []
    start = _start(train, valid, options.recent)
    usable = (lambda v: v > 0) if options.log_scale else (lambda v: True)
    train = [p for p in smooth([p for p in train if math.isfinite(p[1])], options.smoothing) if p[0] >= start and usable(p[1])]
    valid = [p for p in valid if p[0] >= start and math.isfinite(p[1]) and usable(p[1])]
    if not train and not valid:
        return []
    scale = math.log10 if options.log_scale else float
    values = [scale(y) for _, y in (*train, *valid)]
    low, high = min(values), max(values)
    margin = (high - low) * 0.04 or max(abs(high), 0.1) * 0.1
    low, high = low - margin, high + margin
    end = max(start + 1, math.ceil(max(p[0] for p in (*train, *valid)) - 1e-9))
    ticks = log_ticks(low, high, max(3, height // 4)) if options.log_scale else nice_ticks(low, high, max(2, height // 4))

    figure = plotext.figure
    figure.clear()
    figure.plot_size(width, height - 1)
    figure.canvas("default")
    figure.axes(False, side=1)
    figure.axes(True, pixel=plotext.pixel(_rgb(colours.axes)), side=0)
    figure.legend(False)
    for axis in ("x", "y"):
        figure.ruler(axis).pixel(plotext.pixel(_rgb(colours.text)))
    figure.ruler("y").lim(low, high)
    figure.ruler("x").lim(start, end)
    figure.ruler("y").ticks([scale(t) for t in ticks], tick_labels(ticks))
    epochs = whole_ticks(start, end, max(1, width // 8))
    figure.ruler("x").ticks(epochs, [str(e) for e in epochs])
    columns = max(1, width - 6)
    curves = ((train, colours.train, "." if options.ascii else "braille"), (valid, colours.validation, "o" if options.ascii else "braille"))
    for points, colour, marker in curves:
        points = decimate(points, start, end, columns)
        if points:
            xs, ys = [p[0] for p in points], [scale(p[1]) for p in points]
            signal = figure.signal(xs, ys, marker=plotext.marker(marker, pixel=plotext.pixel(_rgb(colour))))
            figure.draw(signal.lines() if len(points) > 1 else signal)
    if best is not None and best[0] >= start and usable(best[1]):
        mark = plotext.marker("*" if options.ascii else "★", pixel=plotext.pixel(_rgb(colours.validation)))
        figure.draw(figure.signal([best[0]], [scale(best[1])], marker=mark))
    drawn = _BACKGROUND.sub("", str(figure.build()))
    lines = list(Text.from_ansi(drawn).split("\n"))[: height - 1]
    lines.append(_legend(train, valid, best, colours, width))
    if options.ascii:
        lines = [_plain(line) for line in lines]
    return lines


def _start(train: Sequence[Point], valid: Sequence[Point], recent: bool) -> int:
    """First epoch on the x axis."""
    end = max((p[0] for p in (*train[-1:], *valid[-1:])), default=0.0)
    return max(0, math.floor(end - max(2, end / 4))) if recent else 0


def _legend(train: Sequence[Point], valid: Sequence[Point], best: Point | None, colours: Colours, width: int) -> Text:
    line = Text("  ", no_wrap=True)
    if train:
        line.append("── ", colours.train).append(f"train {train[-1][1]:.3f}   ")
    if valid:
        line.append("── ", colours.validation).append(f"validation {valid[-1][1]:.3f}   ")
    if best is not None:
        line.append("★ ", colours.validation).append(f"best, epoch {best[0]:.0f}")
    line.truncate(width)
    return line


def _plain(line: Text) -> Text:
    return Text(plain(line.plain), spans=line.spans, no_wrap=True)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def smooth(points: Sequence[Point], weight: float) -> list[Point]:
    """Exponential moving mean, corrected for its start (Kingma and Ba, 2015): the first value is the first point's own."""
    if weight <= 0:
        return list(points)
    mean, total, out = 0.0, 0.0, []
    for x, y in points:
        mean = weight * mean + (1 - weight) * y
        total = weight * total + (1 - weight)
        out.append((x, mean / total))
    return out


def decimate(points: Sequence[Point], start: float, end: float, columns: int) -> list[Point]:
    """At most two points a column, the lowest and the highest, so that no spike is lost and a draw stays quick."""
    if len(points) <= 2 * columns or end <= start:
        return list(points)
    kept: list[Point] = []
    group: list[Point] = []
    column = -1
    for p in points:
        at = int((p[0] - start) / (end - start) * columns)
        if at != column and group:
            kept += sorted({min(group, key=lambda q: q[1]), max(group, key=lambda q: q[1])})
            group = []
        column = at
        group.append(p)
    return kept + sorted({min(group, key=lambda q: q[1]), max(group, key=lambda q: q[1])})


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten between `low` and `high`, `count` of them or somewhat fewer."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    raw = span / max(1, count)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((m * power for m in (1, 2, 5) if m * power >= raw * 0.999), 10 * power)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)] or [low]


def log_ticks(low: float, high: float, count: int) -> list[float]:
    """Values between 10**low and 10**high at 1, 2 and 5, or only powers of ten, or, in a narrow range, evenly nice ones."""
    for steps in ((1, 2, 5), (1,)):
        ticks = [m * 10.0**p for p in range(math.floor(low), math.ceil(high) + 1) for m in steps if low <= math.log10(m * 10.0**p) <= high]
        if 2 <= len(ticks) <= 2 * count:
            return ticks
    return [t for t in nice_ticks(10**low, 10**high, count) if t > 0] or [10**low]


def whole_ticks(start: int, end: int, count: int) -> list[int]:
    """Whole epochs from `start` to `end`, at most about `count`."""
    step = next(s * 10**p for p in range(12) for s in (1, 2, 5) if (end - start) / (s * 10**p) <= count)
    return list(range(math.ceil(start / step) * step, end + 1, step))


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Ticks with as many decimals as tell them apart, and no more."""
    for decimals in range(7):
        labels = [f"{t:.{decimals}f}" for t in ticks]
        if len(set(labels)) == len(ticks) and all(abs(float(s) - t) <= 1e-6 * max(1.0, abs(t)) for s, t in zip(labels, ticks, strict=True)):
            return labels
    return [f"{t:.2g}" for t in ticks]
