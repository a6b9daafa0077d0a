"""Test images with what the network takes them for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from textual.strip import Strip

from tui_cifar.render.text.ink import inks_of, words
from tui_cifar.render.text.text import cut
from tui_cifar.widgets.panels.panel import Panel

if TYPE_CHECKING:
    from tui_cifar.render.images.grid import Grid
    from tui_cifar.render.images.mosaic import Line, Mode

# What draws images is imported only when there are some: it needs NumPy, which the first frame does not wait for.

LARGE, GAP = 32, 2


class ImageStrip(Panel):
    """A large image with the next ones small beside it, or as many as fill the place; pages with `next` and `previous`.

    Args:
        mode: how images are drawn; "half" for half-blocks in as many colours as the terminal has.
    """

    parts = ("images",)

    def __init__(self, *, mode: str, ascii: bool = False, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(ascii=ascii, id=id, classes=classes)
        self.mode = mode
        self.first = 0
        self._per_page = 1
        self._lines: list[Line] | None = None

    def options(self) -> object:
        """The page."""
        return self.first

    def next(self) -> None:
        """The next images; after the last, the first."""
        count = len(self.view.labels)
        self.first = self.first + self._per_page if self.first + self._per_page < count else 0
        self.redraw()

    def previous(self) -> None:
        """The images before; before the first, the last."""
        count = max(1, len(self.view.labels))
        self.first = self.first - self._per_page if self.first else (count - 1) // self._per_page * self._per_page
        self.redraw()

    def draw(self) -> RenderableType:
        """The words of an empty place; images are drawn by `render_line`."""
        view = self.view
        self._lines = None
        self.titles("Test images")
        if self.mode == "off":
            return self.waiting("Images are switched off (--images off).")
        if view.images is None or not view.class_names:  # a run about to go on has its past, but no names yet
            return self.waiting("Test images appear here when training begins.")
        lines = self._images(*self.content_size)
        if not lines:
            return self.waiting("No room for images.")
        last = min(self.first + self._per_page, len(view.labels))
        epoch = f" · epoch {view.classified.epoch}" if view.classified else " · not yet classified"
        shown = f"{self.first + 1}–{last}" if last > self.first + 1 else str(last)
        self.titles(f"Test images{epoch}", ("", f"◂ {shown} of {len(view.labels)} ▸"))
        self._lines = lines
        return ""

    def render_line(self, y: int) -> Strip:
        """A line of images, cell by cell as they were drawn."""
        if self._lines is None:
            return super().render_line(y)
        from tui_cifar.widgets.canvas import strip_of

        width, ground = self.content_size.width, self.rich_style
        return strip_of(self._lines[y] if y < len(self._lines) else [], ground, width, ascii=self.ascii)

    def _images(self, width: int, height: int) -> list[Line]:
        """The page that the first image is on; nothing where there is no room."""
        from tui_cifar.render.images.gallery import captions_for
        from tui_cifar.render.images.grid import Grid, fit, in_rows
        from tui_cifar.render.images.mosaic import beside

        count, room = len(self.view.labels), captions_for(self.view.class_names)
        if height > LARGE // 2 and width < 2 * LARGE + GAP:  # one large, and the next ones beside it
            small = fit(width - LARGE - GAP, height, enough=2, captions=room, sides=range(16, 9, -2))
            if small.side < 10:
                small = Grid(0, 0, 0)
            self._turn_to_page(1 + small.page)
            shown = range(self.first + 1, min(self.first + self._per_page, count))
            others = in_rows([self._block(n, small) for n in shown], small) if small.page else []
            large = self._block(self.first, Grid(LARGE, 1, 1))
            return beside([(LARGE, large), (width - LARGE - GAP, others)], GAP) if others else large
        grid = fit(width, height, most=count, enough=2, captions=room)
        if not grid.side:
            return []
        self._turn_to_page(grid.page)
        return in_rows([self._block(n, grid) for n in range(self.first, min(self.first + grid.page, count))], grid)

    def _turn_to_page(self, per_page: int) -> None:
        self._per_page = per_page
        self.first = min(self.first, len(self.view.labels) - 1) // per_page * per_page

    @property
    def _mode(self) -> Mode:
        mode: Mode = getattr(self.app, "image_mode", "truecolor" if self.mode == "half" else "ascii")
        return mode

    def _block(self, n: int, grid: Grid) -> list[Line]:
        """An image and, below it, what it is taken for; before the first epoch its class alone."""
        from tui_cifar.render.images.gallery import Guess, captions
        from tui_cifar.render.images.mosaic import thumbnail_lines

        assert self.view.images is not None
        inks, label, classified = inks_of(self.app), self.view.labels[n], self.view.classified
        if classified is None:
            below = [[words(cut(self.view.class_names[label], grid.width).ljust(grid.width), inks.text)]]
        else:
            guess = Guess(self.view.class_names, classified.predicted[n], label, classified.confidence[n])
            below = captions(guess, grid, inks)
        light = not self.app.current_theme.dark
        return [*thumbnail_lines(self.view.images[n], grid.side, self._mode, light=light), *below]
