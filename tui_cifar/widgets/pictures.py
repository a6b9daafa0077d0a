"""Test pictures with what the network takes them for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.style import Style
from textual.strip import Strip

from tui_cifar.render.text import cut
from tui_cifar.widgets.panel import Panel

if TYPE_CHECKING:
    from tui_cifar.render.mosaic import Line, Mode

# What draws pictures is imported only when there are some: it needs NumPy, which the first frame does not wait for.

LARGE, GAP = 32, 2


class PictureStrip(Panel):
    """A large picture with the next ones small beside it, or as many as fill the place; pages with `next` and `previous`.

    Args:
        mode: how pictures are drawn; "half" for half-blocks in as many colours as the terminal has.
    """

    parts = ("pictures",)

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
        """The next pictures; after the last, the first."""
        count = len(self.view.labels)
        self.first = self.first + self._per_page if self.first + self._per_page < count else 0
        self.redraw()

    def previous(self) -> None:
        """The pictures before; before the first, the last."""
        count = max(1, len(self.view.labels))
        self.first = self.first - self._per_page if self.first else (count - 1) // self._per_page * self._per_page
        self.redraw()

    def draw(self) -> RenderableType:
        """The words of an empty place; pictures are drawn by `render_line`."""
        view = self.view
        self._lines = None
        self.titles("Test pictures")
        if self.mode == "off":
            return self.waiting("Pictures are switched off (--images off).")
        if view.pictures is None or not view.class_names:  # a run about to go on has its past, but no names yet
            return self.waiting("Test pictures appear here when training begins.")
        lines = self._pictures(*self.content_size)
        if not lines:
            return self.waiting("No room for pictures.")
        last = min(self.first + self._per_page, len(view.labels))
        epoch = f" · epoch {view.classified.epoch}" if view.classified else " · not yet classified"
        shown = f"{self.first + 1}–{last}" if last > self.first + 1 else str(last)
        self.titles(f"Test pictures{epoch}", f"◂ {self.word(shown)} of {len(view.labels)} ▸")
        self._lines = lines
        return ""

    def render_line(self, y: int) -> Strip:
        """A line of pictures, cell by cell as they were drawn."""
        if self._lines is None:
            return super().render_line(y)
        from tui_cifar.widgets.canvas import strip_of

        width, ground = self.content_size.width, self.rich_style
        return strip_of(self._lines[y] if y < len(self._lines) else [], ground, width, ascii=self.ascii)

    def _pictures(self, width: int, height: int) -> list[Line]:
        """The page that the first picture is on; nothing where there is no room."""
        from tui_cifar.render.grid import fit, in_rows
        from tui_cifar.render.mosaic import beside

        count = len(self.view.labels)
        rows = 2 if height >= 16 else 1
        side = min(16, width - LARGE - GAP, 2 * (height // rows - 1)) // 2 * 2
        if height > LARGE // 2 and width < 2 * LARGE + GAP:  # one large, and the next ones beside it
            per_row = (width - LARGE) // (side + GAP) if side >= 10 else 0
            self._turn_to_page(1 + rows * per_row)
            small = [self._block(n, side) for n in range(self.first + 1, min(self.first + self._per_page, count))]
            columns = [
                (side, [line for block in small[c::per_row] for line in block])
                for c in range(per_row)
                if small[c::per_row]
            ]
            return beside([(LARGE, self._block(self.first, LARGE)), *columns], GAP)
        grid = fit(width, height, most=count, enough=2)
        if not grid.side:
            return []
        self._turn_to_page(grid.page)
        shown = range(self.first, min(self.first + grid.page, count))
        return in_rows([self._block(n, grid.side) for n in shown], grid)

    def _turn_to_page(self, per_page: int) -> None:
        self._per_page = per_page
        self.first = min(self.first, len(self.view.labels) - 1) // per_page * per_page

    @property
    def _mode(self) -> Mode:
        mode: Mode = getattr(self.app, "picture_mode", "truecolor" if self.mode == "half" else "ascii")
        return mode

    def _block(self, n: int, side: int) -> list[Line]:
        """A picture and its caption."""
        from tui_cifar.render.mosaic import thumbnail_lines

        assert self.view.pictures is not None
        light = not self.app.current_theme.dark
        return [*thumbnail_lines(self.view.pictures[n], side, self._mode, light=light), self._caption(n, side)]

    def _caption(self, n: int, width: int) -> Line:
        """ "✓ cat 0.97", "✗ dog, is cat 0.61", or the class alone before the first epoch."""
        from tui_cifar.render.ink import fitted, words

        def ink(name: str) -> Style:
            return Style(color=self.colour(name))

        names, label, classified = self.view.class_names, self.view.labels[n], self.view.classified
        if classified is None:
            return [words(cut(names[label], width).ljust(width), ink("foreground"))]
        right = classified.predicted[n] == label
        told = names[label] if right else f"{names[classified.predicted[n]]}, is {names[label]}"
        confidence = f" {classified.confidence[n]:.2f}"
        if 2 + len(told) + len(confidence) > width:  # the words matter more
            confidence = ""
        mark = words("✓ " if right else "✗ ", ink("success" if right else "error"))
        rest = words(confidence.ljust(max(0, width - 2 - len(told))), ink("dim"))
        return fitted([mark, words(told, ink("foreground")), rest], width)
