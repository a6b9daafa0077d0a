"""The loss plot: plotext draws curves and axes; the points, ticks and colours are chosen here.

plotext has one figure per process. It is cleared before each drawing, and only the user interface's thread may draw.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotext
from rich.text import Text

from tui_cifar.render.charts.series import Point, as_array, decimate, drawable, logarithms, smooth
from tui_cifar.render.charts.ticks import log_ticks, nice_ticks, tick_labels, whole_ticks
from tui_cifar.render.text.ascii import plain

MIN_WIDTH, MIN_HEIGHT = 16, 5
"""Cells below which there is no plot."""


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
    """The weight of the moving average so far, as in `smooth`."""
    recent: bool = False
    """Only the last quarter of the run, but at least two epochs."""
    ascii: bool = False
    colourless: bool = False
    """There are no colours: the validation loss has a mark of its own."""

    @property
    def epoch_mark(self) -> str:
        """plotext's name for the mark of the validation loss."""
        return "o" if self.ascii else "•" if self.colourless else "braille"

    @property
    def pieces(self) -> tuple[str, str]:
        """The pieces of the training and validation curves in the legend."""
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
        best: the point of `valid` that is marked as the best.

    Returns:
        No lines if there is no room (less than `MIN_WIDTH` by `MIN_HEIGHT`) or nothing to draw yet.
    """
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return []
    start = _start(train, valid, options.recent)
    batches = drawable(smooth(drawable(as_array(train), -1.0, False), options.smoothing), start, options.log_scale)
    epochs = drawable(as_array(valid), start, options.log_scale)
    points = np.concatenate((batches, epochs))
    if not len(points):
        return []
    end = max(start + 1, math.ceil(points[:, 0].max() - 1e-9))
    low, high = _limits(points[:, 1], options.log_scale)
    ticks = (log_ticks if options.log_scale else nice_ticks)(low, high, min(6, max(2, height // 3)))
    marks = whole_ticks(start, end, max(1, width // 8))

    if options.log_scale:  # of the loss: plotext's own logarithmic scale would choose other ticks
        batches, epochs = logarithms(batches), logarithms(epochs)
    columns = width - 2 - max(map(len, tick_labels(ticks)))
    places = [math.log10(t) for t in ticks] if options.log_scale else ticks
    frame = _Frame(width, height - 1, (start, end), (low, high), marks, places, tick_labels(ticks))
    star = epochs[epochs[:, 0] == best[0]] if best else epochs[:0]
    # Two drawings, one over the other: in a single drawing, a cell that both curves touch would show the dots of both in
    # one colour.
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
        """Axes and curves as lines of characters without colour.

        Args:
            curves: points (N, 2) and plotext's name of the marker; two or more points are joined.
        """
        plotext.terminal.limit(False, False)  # else plotext cuts to the size that the terminal had at import
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
    """One drawing over the other; what is right of the y axis and above the x axis gets the colours of the curves."""
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


def _limits(loss: np.ndarray, log_scale: bool) -> tuple[float, float]:
    """Lowest and highest value of the y axis, with a margin; their logarithms on a logarithmic scale."""
    values = np.log10(loss) if log_scale else loss
    low, high = float(values.min()), float(values.max())
    margin = (high - low) * 0.04 or max(abs(high), 0.1) * 0.1
    if low >= 0 and not log_scale:
        return max(0.0, low - margin), high + margin
    return low - margin, high + margin


def _start(train: Sequence[Point], valid: Sequence[Point], recent: bool) -> int:
    """The first epoch on the x axis."""
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
    """The latest losses, each after a piece of its curve, in the longest wording that fits."""
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
            text = names[2].format(loss=f"{best[1]:.3f}", epoch=f"{best[0]:.0f}")
            parts.append(Text.assemble(("★", colours.validation), text))
        line = Text(gap).join(parts)
        if line.cell_len <= width:
            break
    line.truncate(width)
    line.no_wrap = True
    line.pad_left((width - line.cell_len) // 2)
    return line


def _plain(line: Text) -> Text:
    return Text(plain(line.plain), spans=line.spans, no_wrap=True, end="")
