"""The loss over the epochs."""

from __future__ import annotations

from rich.console import RenderableType

from tui_cifar.render.text.lines import Lines
from tui_cifar.widgets.panels.panel import Panel

SMOOTHING = (0.0, 0.6, 0.9)


class LossPlot(Panel):
    """Training loss in fine detail, validation loss at each epoch, the best epoch marked."""

    parts = ("curve",)
    seconds = 0.5
    log_scale = False
    smoothing = 0.0
    recent = False

    def options(self) -> object:
        """Scale, smoothing, window."""
        return self.log_scale, self.smoothing, self.recent

    def toggle_log(self) -> None:
        """Logarithmic or linear scale."""
        self.log_scale = not self.log_scale
        self.redraw()

    def cycle_smoothing(self) -> None:
        """The next degree of smoothing."""
        self.smoothing = SMOOTHING[(SMOOTHING.index(self.smoothing) + 1) % len(SMOOTHING)]
        self.redraw()

    def toggle_window(self) -> None:
        """The recent part, or all."""
        self.recent = not self.recent
        self.redraw()

    def draw(self) -> RenderableType:
        """The plot, or what it waits for."""
        self.titles(
            "Loss",
            ("plot.log", "log" if self.log_scale else "linear"),
            ("plot.smooth", f"smooth {self.smoothing:g}"),
            ("plot.window", "recent" if self.recent else "all"),
        )
        view, size = self.view, self.content_size
        if not view.points and not view.rows:
            return self.waiting("The loss appears here after the first batches.")
        # Not before there is something to draw: NumPy and plotext take longer to import than all else in the first frame.
        from tui_cifar.render.charts.loss_plot import MIN_HEIGHT, MIN_WIDTH, Colours, Options, draw_loss

        colours = Colours(*(self.ink(name) for name in ("train", "validation", "line", "dim")))
        best = (view.best.epoch, view.best.valid_loss) if view.best else None
        valid = [(float(r.epoch), r.valid_loss) for r in view.rows]
        lines = draw_loss(
            view.points,
            valid,
            best,
            size.width,
            size.height,
            colours,
            Options(self.log_scale, self.smoothing, self.recent, self.ascii, self.app.no_color),
        )
        if lines:
            return Lines(lines)
        if size.width < MIN_WIDTH or size.height < MIN_HEIGHT:
            return self.waiting("No room for a plot.")
        if self.log_scale and (view.points or valid):
            return self.waiting("No loss above 0, as a logarithmic scale needs.")
        return self.waiting("The loss appears here after the first batches.")
