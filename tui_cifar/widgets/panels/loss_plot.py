"""The loss over the epochs."""

from __future__ import annotations

from typing import ClassVar

from rich.console import RenderableType
from textual.binding import Binding

from tui_cifar.render.text.rich_lines import Lines
from tui_cifar.widgets.panels.panel import Choice, Panel

SMOOTHING = (0.0, 0.6, 0.9)


class LossPlot(Panel):
    """The training loss in fine detail, the validation loss after each epoch, the best epoch marked."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("l", "log_scale", "Log scale", id="plot.log", tooltip="Logarithmic or linear scale of the loss"),
        Binding("m", "smoothing", "Smoothing", id="plot.smooth", tooltip="Smooth the training loss: not, more, most"),
        Binding("r", "window", "Recent or all", id="plot.window", tooltip="The last quarter of the run, or all of it"),
    )
    CHOICES: ClassVar[tuple[Choice, ...]] = (
        Choice("log scale", "log_scale", (True, False)),
        Choice("smoothing", "smoothing", SMOOTHING),
    )
    DEFAULT_CSS = "LossPlot { height: 11fr; }"
    parts = ("curve",)
    seconds = 0.5
    log_scale = False
    smoothing = 0.0
    recent = False

    def options(self) -> object:
        return super().options(), self.recent

    def action_log_scale(self) -> None:
        self.log_scale = not self.log_scale
        self.redraw()

    def action_smoothing(self) -> None:
        self.smoothing = SMOOTHING[(SMOOTHING.index(self.smoothing) + 1) % len(SMOOTHING)]
        self.redraw()

    def action_window(self) -> None:
        self.recent = not self.recent
        self.redraw()

    def draw(self) -> RenderableType:
        self.titles(
            "Loss",
            ("plot.log", "log" if self.log_scale else "linear"),
            ("plot.smooth", f"smooth {self.smoothing:g}"),
            ("plot.window", "recent" if self.recent else "all"),
        )
        state, size = self.state, self.content_size
        if not state.points and not state.rows:
            return self.waiting("The loss appears here after the first batches.")
        # Not before there is something to draw: importing NumPy and plotext takes longer than the whole first frame.
        from tui_cifar.render.charts.loss_plot import MIN_HEIGHT, MIN_WIDTH, Colours, Options, draw_loss

        colours = Colours(*(self.style_of(name) for name in ("train", "validation", "line", "dim")))
        best = (state.best.epoch, state.best.valid_loss) if state.best else None
        valid = [(float(r.epoch), r.valid_loss) for r in state.rows]
        options = Options(self.log_scale, self.smoothing, self.recent, self.ascii, self.app.no_color)
        lines = draw_loss(state.points, valid, best, size.width, size.height, colours, options)
        if lines:
            return Lines(lines)
        if size.width < MIN_WIDTH or size.height < MIN_HEIGHT:
            return self.waiting("No room for a plot.")
        if self.log_scale and (state.points or valid):
            return self.waiting("A logarithmic scale needs a loss above 0.")
        return self.waiting("The loss appears here after the first batches.")
