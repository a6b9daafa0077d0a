"""A widget that is drawn line by line: images, matrices, tables."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_cifar.render.rich_private import CellStyle
from tui_cifar.render.text.ascii import plain
from tui_cifar.render.text.line import Line

Draw = Callable[[int, int], list[Line]]
"""Returns the lines for a width and a height."""


def strip_of(line: Line, background: Style, width: int, *, ascii: bool = False) -> Strip:
    """A line for Textual: cells of images keep both their colours, everything else gets the background."""
    segments, length = [], 0
    for segment in line:
        text, style, _ = segment
        length += len(text)  # every character is taken to be one cell wide
        if type(style) is CellStyle:
            segments.append(segment)
        else:
            text = plain(text) if ascii else text
            segments.append(Segment(text, background if style is None else background + style))
    return Strip(segments, length).adjust_cell_length(width, background)


class Canvas(Widget):
    """Shows the lines that `draw` returns; calls it again after `redraw`, in another size, or in another theme."""

    DEFAULT_CSS = "Canvas { height: 1fr; padding: 0 1; }"

    class Pressed(Message):
        """The mouse pressed a cell."""

        def __init__(self, canvas: Canvas, x: int, y: int, twice: bool) -> None:
            super().__init__()
            self.canvas, self.x, self.y, self.twice = canvas, x, y, twice

    class Scrolled(Message):
        """The wheel was turned: `by` is 1 for down, -1 for up."""

        def __init__(self, canvas: Canvas, by: int) -> None:
            super().__init__()
            self.canvas, self.by = canvas, by

    def __init__(self, draw: Draw, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw, self._ascii = draw, ascii
        self._strips: list[Strip] = []
        self._of: object = None

    def redraw(self) -> None:
        """Draw again at the next refresh."""
        self._of = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        size, background = self.content_size, self.rich_style
        key = (size, background)
        if key != self._of:
            self._of = key
            self._strips = [
                strip_of(line, background, size.width, ascii=self._ascii)
                for line in self._draw(size.width, size.height)[: size.height]
            ]
        return self._strips[y] if y < len(self._strips) else Strip.blank(size.width, background)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is not None:
            self.post_message(self.Pressed(self, at.x, at.y, event.chain > 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Scrolled(self, 1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Scrolled(self, -1))
