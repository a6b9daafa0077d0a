"""The loss plot: plotext draws curves and axes; what it is fed, the ticks and the colours are chosen here.

plotext has one figure a process. It is cleared before each draw, and only the user interface's thread may draw.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotext
from rich.text import Text

from tui_cifar.render.text.text import plain

Point = tuple[float, float]

MIN_WIDTH, MIN_HEIGHT = 16, 5
"""Cells below which there is no plot."""

LARGEST = 1e30
"""Losses beyond are not drawn: their differences overflow."""
SMALLEST = 1 / LARGEST
"""Losses below have no place on a logarithmic scale, whose ticks would become 0."""


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours as Rich takes them: "#rrggbb", or a name."""

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
    colourless: bool = False
    """Without colours, a mark of its own tells the validation loss."""

    @property
    def epoch_mark(self) -> str:
        """plotext's name of what the validation loss is drawn with."""
        return "o" if self.ascii else "•" if self.colourless else "braille"

    @property
    def pieces(self) -> tuple[str, str]:
        """What the legend shows of the curves of training and validation."""
        return ("..", "oo") if self.ascii and self.colourless else ("──", "••") if self.colourless else ("──", "──")


def draw_loss(
    train: Sequence[Point],
    valid: Sequence[Point],
    best: Point | None,
    width: int,
    height: int,
    colours: Colours,
    options: Options = Options(),
) -> list[Text]:
    """The plot as `height` lines of at most `width` cells, the last of them the legend.

    Args:
        train: training loss, (epochs since the start, loss), left to right.
        valid: validation loss at whole epochs.
        best: the point of `valid` to mark as the best.
        width: cells across.
        height: lines.
        colours: of curves and axes.
        options: scale, smoothing, window.

    Returns:
        No lines where there is no room (less than `MIN_WIDTH` by `MIN_HEIGHT`) or nothing to draw yet.
    """
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return []
    start = _start(train, valid, options.recent)
    batches = _usable(smooth(_usable(_array(train), -1.0, False), options.smoothing), start, options.log_scale)
    epochs = _usable(_array(valid), start, options.log_scale)
    points = np.concatenate((batches, epochs))
    if not len(points):
        return []
    end = max(start + 1, math.ceil(points[:, 0].max() - 1e-9))
    low, high = _limits(points[:, 1], options.log_scale)
    ticks = (log_ticks if options.log_scale else nice_ticks)(low, high, min(6, max(2, height // 3)))
    marks = whole_ticks(start, end, max(1, width // 8))

    if options.log_scale:  # plotext is fed logarithms: its own scale would take other ticks
        batches, epochs = logarithms(batches), logarithms(epochs)
    columns = width - 2 - max(map(len, tick_labels(ticks)))
    places = [math.log10(t) for t in ticks] if options.log_scale else ticks
    frame = _Frame(width, height - 1, (start, end), (low, high), marks, places, tick_labels(ticks))
    star = epochs[epochs[:, 0] == best[0]] if best else epochs[:0]
    # Two drawings, laid over each other: in one drawing a cell that both curves touch would show the dots of both
    # in one colour.
    below = frame.draw([(decimate(batches, start, end, columns), "." if options.ascii else "braille")])
    above = frame.draw(
        [
            (decimate(epochs, start, end, columns), options.epoch_mark),
            (star, "*" if options.ascii else "★"),
        ]
    )
    lines = _overlay(below, above, colours)
    lines.append(_legend(train, valid, best, colours, options.pieces, width))
    return [_plain(line) for line in lines] if options.ascii else lines


@dataclass(frozen=True, slots=True)
class _Frame:
    """Size, limits and ticks of a drawing."""

    width: int
    height: int
    x: tuple[float, float]
    y: tuple[float, float]
    x_ticks: Sequence[int]
    y_ticks: Sequence[float]
    y_labels: Sequence[str]

    def draw(self, curves: Sequence[tuple[np.ndarray, str]]) -> list[str]:
        """Lines of characters without colour: axes and (points, marker), joined where there are two or more."""
        plotext.terminal.limit(False, False)  # else plotext cuts to the terminal's size at import
        figure = plotext.figure
        figure.clear()
        figure.plot_size(self.width, self.height)
        figure.axes(False, side=1)
        figure.legend(False)
        figure.ruler("x").lim(*self.x)
        figure.ruler("y").lim(*self.y)
        figure.ruler("x").ticks(list(self.x_ticks), [str(t) for t in self.x_ticks])
        figure.ruler("y").ticks(list(self.y_ticks), list(self.y_labels))
        for points, marker in curves:
            if len(points):
                signal = figure.signal(*points.T.tolist(), marker=plotext.marker(marker))
                figure.draw(signal.lines() if len(points) > 1 else signal)
        text: str = figure.build().string(colorless=True)
        return text.split("\n")[: self.height]


def _overlay(below: Sequence[str], above: Sequence[str], colours: Colours) -> list[Text]:
    """One drawing over the other, right of the y axis and above the x axis in the colours of the curves."""
    left = max((line.find("└") for line in below), default=-1)
    bottom = next((y for y, line in enumerate(below) if "└" in line), len(below))
    lines = []
    for y, (train, valid) in enumerate(zip(below, above, strict=True)):
        cells = []
        for x, (t, v) in enumerate(itertools.zip_longest(train, valid, fillvalue=" ")):
            inside = x > left and y < bottom
            empty = v in " ⠀"
            colour = (
                (colours.train if empty else colours.validation)
                if inside
                else (colours.axes if x == left or y == bottom else colours.text)
            )
            cells.append((t if empty else v, colour))
        line = Text(no_wrap=True, end="")
        for colour, run in itertools.groupby(cells, lambda cell: cell[1]):
            line.append("".join(c for c, _ in run), colour)
        lines.append(line)
    return lines


def _array(points: Sequence[Point]) -> np.ndarray:
    return np.fromiter(itertools.chain.from_iterable(points), float, 2 * len(points)).reshape(-1, 2)


def _usable(points: np.ndarray, start: float, positive: bool) -> np.ndarray:
    """The points from `start` on whose loss can be drawn."""
    loss = points[:, 1]
    with np.errstate(invalid="ignore"):
        keep = (points[:, 0] >= start) & (np.abs(loss) < LARGEST)
    kept: np.ndarray = points[keep & (loss > SMALLEST)] if positive else points[keep]
    return kept


def logarithms(points: np.ndarray) -> np.ndarray:
    """The (N, 2) points with the decimal logarithm of their loss."""
    return np.column_stack((points[:, 0], np.log10(points[:, 1])))


def _limits(loss: np.ndarray, log_scale: bool) -> tuple[float, float]:
    """Lowest and highest value of the y axis, with a little room; logarithms where the scale is logarithmic."""
    values = np.log10(loss) if log_scale else loss
    low, high = float(values.min()), float(values.max())
    margin = (high - low) * 0.04 or max(abs(high), 0.1) * 0.1
    if low >= 0 and not log_scale:
        return max(0.0, low - margin), high + margin
    return low - margin, high + margin


def _start(train: Sequence[Point], valid: Sequence[Point], recent: bool) -> int:
    """First epoch on the x axis."""
    end = max((p[0] for p in (*train[-1:], *valid[-1:])), default=0.0)
    return max(0, math.floor(end - max(2, end / 4))) if recent else 0


def _legend(
    train: Sequence[Point],
    valid: Sequence[Point],
    best: Point | None,
    colours: Colours,
    pieces: tuple[str, str],
    width: int,
) -> Text:
    """The newest values, each after a piece of its curve; the fullest wording that fits."""
    for names, gap in (
        ((" train ", " validation ", " best {loss}, epoch {epoch}"), "   "),
        ((" train ", " validation ", " best, epoch {epoch}"), "   "),
        ((" train ", " valid ", " epoch {epoch}"), "  "),
        ((" ", " ", " {epoch}"), "  "),
    ):
        parts = []
        if train:
            parts.append(Text.assemble((pieces[0], colours.train), f"{names[0]}{train[-1][1]:.3f}"))
        if valid:
            parts.append(Text.assemble((pieces[1], colours.validation), f"{names[1]}{valid[-1][1]:.3f}"))
        if best is not None:
            told = names[2].format(loss=f"{best[1]:.3f}", epoch=f"{best[0]:.0f}")
            parts.append(Text.assemble(("★", colours.validation), told))
        line = Text(gap).join(parts)
        if line.cell_len <= width:
            break
    line.truncate(width)
    line.no_wrap = True
    line.pad_left((width - line.cell_len) // 2)
    return line


def _plain(line: Text) -> Text:
    return Text(plain(line.plain), spans=line.spans, no_wrap=True, end="")


def smooth(points: np.ndarray, weight: float) -> np.ndarray:
    """Exponential moving mean of (N, 2) points, corrected for its start (Kingma and Ba, 2015).

    The first value is the first point's own.
    """
    if weight <= 0:
        return points
    mean, total, out = 0.0, 0.0, []
    for y in points[:, 1].tolist():
        mean = weight * mean + (1 - weight) * y
        total = weight * total + (1 - weight)
        out.append(mean / total)
    return np.column_stack((points[:, 0], out))


def decimate(points: np.ndarray, start: float, end: float, columns: int) -> np.ndarray:
    """At most two of the (N, 2) points a column, the lowest and the highest, left to right.

    No spike is lost, and a draw costs the same whatever the run's length.
    """
    if len(points) <= 2 * columns or end <= start or columns < 1:
        return points
    column = ((points[:, 0] - start) / (end - start) * columns).astype(int).clip(0, columns - 1)
    order = np.lexsort((points[:, 1], column))
    edges = np.flatnonzero(np.diff(column[order])) + 1
    kept = np.concatenate((order[np.r_[0, edges]], order[np.r_[edges - 1, len(order) - 1]]))
    ends: np.ndarray = points[np.unique(kept)]
    return ends


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten between `low` and `high`: as many as there are, up to `most`."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    power = math.floor(math.log10(span / most)) - 1
    for step in (float(f"{m}e{p}") for p in range(power, power + 4) for m in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [float(f"{i * step:.10g}") for i in range(first, last + 1)] or [low]
    return [low]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Values between 10**low and 10**high, up to `most`.

    1, 2 and 5 of each power of ten, or the powers alone, or every second, third, …; in a narrow range even steps.
    """
    powers = range(math.floor(low), math.ceil(high) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [float(f"{m}e{p}") for p in powers for m in steps if low <= math.log10(m) + p <= high]
        if 3 <= len(ticks) <= most:
            return ticks
    if high - low > 2:
        step = math.ceil((high - low) / most)
        return [float(f"1e{p}") for p in range(math.ceil(low), math.floor(high) + 1, step)]
    return [t for t in nice_ticks(10**low, 10**high, most) if t > 0] or [10**low]


def whole_ticks(start: int, end: int, count: int) -> list[int]:
    """Whole epochs from `start` to `end`, at most about `count`."""
    step = next(s * 10**p for p in range(12) for s in (1, 2, 5) if (end - start) / (s * 10**p) <= count)
    return list(range(math.ceil(start / step) * step, end + 1, step))


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Ticks with as many decimals as tell them apart, and no more; powers of ten where that would be long."""
    if max(map(abs, ticks), default=0.0) < 1e5 and not 0 < 100 * min(ticks) < max(ticks):
        for decimals in range(7):
            labels = [f"{t + 0.0:.{decimals}f}" for t in ticks]
            if all(abs(float(s) - t) <= 1e-6 * abs(t) for s, t in zip(labels, ticks, strict=True)):
                return labels
    return [f"{t:.4g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e") for t in ticks]
