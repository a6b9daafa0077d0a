"""Test images with the network's predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from rich.console import RenderableType
from rich.segment import Segment
from textual.binding import Binding
from textual.strip import Strip

from tui_cifar.render.look import ImageMode, Look
from tui_cifar.render.text.format import cut
from tui_cifar.widgets.panels.panel import Panel
from tui_cifar.widgets.theme import look_of

if TYPE_CHECKING:
    from tui_cifar.render.images.grid import Grid
    from tui_cifar.render.text.line import Line

# What draws images is imported only when there are some: it needs NumPy, which the first frame does not wait for.

LARGE, GAP = 32, 2


class _App(Protocol):
    image_mode: ImageMode


class ImageStrip(Panel):
    """As many images as fill the place, or a large one with the next ones small beside it; pages on and back.

    Args:
        mode: how images are drawn; by default as on the rest of the screen.
    """

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding(
            "left", "turn(-1)", "Previous images", id="images.previous", priority=True, tooltip="Previous test images"
        ),
        Binding("right", "turn(1)", "Next images", id="images.next", priority=True, tooltip="Next test images"),
    )
    DEFAULT_CSS = "ImageStrip { height: 1fr; }"
    parts = ("images",)

    def __init__(
        self, *, mode: ImageMode | None = None, ascii: bool = False, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(ascii=ascii, id=id, classes=classes)
        self._mode = mode
        self.first = 0
        """The first image that is shown."""
        self._per_page = 1
        self._lines: list[Line] | None = None

    def options(self) -> object:
        return self.first

    def action_turn(self, pages: int) -> None:
        """A page on or back; after the last comes the first."""
        count = max(1, len(self.state.labels))
        last = (count - 1) // self._per_page * self._per_page
        first = self.first + pages * self._per_page
        self.first = 0 if first > last else last if first < 0 else first
        self.redraw()

    def draw(self) -> RenderableType:
        """What an empty panel says; images are drawn by `render_line`."""
        state = self.state
        self._lines = None
        self.titles("Test images")
        look = look_of(self.app, self._mode or cast(_App, self.app).image_mode, ascii=self.ascii)
        if look.mode == "off":
            return self.waiting("Images are switched off (--images off).")
        if state.images is None or not state.class_names:  # a run about to be resumed has images, but no names yet
            return self.waiting("Test images appear here when training begins.")
        lines = self._images(look)
        if not lines:
            return self.waiting("No room for images.")
        last = min(self.first + self._per_page, len(state.labels))
        epoch = f" · epoch {state.classified.epoch}" if state.classified else " · not yet classified"
        shown = f"{self.first + 1}–{last}" if last > self.first + 1 else str(last)
        self.titles(f"Test images{epoch}", ("", f"◂ {shown} of {len(state.labels)} ▸"))
        self._lines = lines
        return ""

    def render_line(self, y: int) -> Strip:
        """A line of images, with its cells as they were drawn."""
        if self._lines is None:
            return super().render_line(y)
        from tui_cifar.widgets.canvas import strip_of

        line = self._lines[y] if y < len(self._lines) else []
        return strip_of(line, self.rich_style, self.content_size.width, ascii=self.ascii)

    def _images(self, look: Look) -> list[Line]:
        """The page that the first image is on; no lines if there is no room."""
        from tui_cifar.render.images.captions import captions_for
        from tui_cifar.render.images.grid import Grid, fit, in_rows
        from tui_cifar.render.text.line import beside

        width, height = self.content_size
        count, room = len(self.state.labels), captions_for(self.state.class_names)
        if height > LARGE // 2 and width < 2 * LARGE + GAP:  # one large, and the next ones beside it
            small = fit(width - LARGE - GAP, height, enough=2, captions=room, sides=range(16, 9, -2))
            if small.side < 10:
                small = Grid(0, 0, 0)
            self._align(1 + small.page)
            shown = range(self.first + 1, min(self.first + self._per_page, count))
            others = in_rows([self._block(n, small, look) for n in shown], small) if small.page else []
            large = self._block(self.first, Grid(LARGE, 1, 1), look)
            return beside([(LARGE, large), (width - LARGE - GAP, others)], GAP) if others else large
        grid = fit(width, height, most=count, enough=2, captions=room)
        if not grid.side:
            return []
        self._align(grid.page)
        return in_rows(
            [self._block(n, grid, look) for n in range(self.first, min(self.first + grid.page, count))], grid
        )

    def _align(self, per_page: int) -> None:
        """Begin where a page begins."""
        self._per_page = per_page
        self.first = min(self.first, len(self.state.labels) - 1) // per_page * per_page

    def _block(self, n: int, grid: Grid, look: Look) -> list[Line]:
        """An image with its caption; before the first epoch that is its class."""
        from tui_cifar.render.images.captions import Prediction, caption_lines
        from tui_cifar.render.images.cells import thumbnail_lines

        state = self.state
        assert state.images is not None
        label, classified = state.labels[n], state.classified
        if classified is None:
            name = cut(state.class_names[label], grid.width)
            below = [[Segment(f"{name:{grid.width}}", look.styles.text)]]
        else:
            prediction = Prediction(state.class_names, classified.predicted[n], label, classified.confidence[n])
            below = caption_lines(prediction, grid, look.styles)
        return [*thumbnail_lines(state.images[n], grid.side, look.mode, light=look.light), *below]
