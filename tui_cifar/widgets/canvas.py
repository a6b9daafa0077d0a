"""A place that is drawn line by line: images, matrices, tables."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_cifar.render.images.mosaic import CellStyle, Line
from tui_cifar.render.text.text import plain

Draw = Callable[[int, int], list[Line]]
"""Gives the lines for a width and a height."""


def strip_of(line: Line, ground: Style, width: int, *, ascii: bool = False) -> Strip:
    """A line as Textual shows it: cells of images as they are, all else on `ground`."""
    segments, length = [], 0
    for segment in line:
        text, style, _ = segment
        length += len(text)  # nothing drawn here is wider than one cell a character
        if type(style) is CellStyle:
            segments.append(segment)
        else:
            text = plain(text) if ascii else text
            segments.append(Segment(text, ground if style is None else ground + style))
    return Strip(segments, length).adjust_cell_length(width, ground)


class Canvas(Widget):
    """Shows the lines that `draw` gives; asks for them again after `redraw`, in another size, or in another theme.

    A cell of an image keeps its own two colours; all else lies on the widget's ground.
    """

    DEFAULT_CSS = "Canvas { height: 1fr; padding: 0 1; }"

    class Pressed(Message):
        """The mouse pressed a cell."""

        def __init__(self, canvas: Canvas, x: int, y: int, twice: bool) -> None:
            super().__init__()
            self.canvas, self.x, self.y, self.twice = canvas, x, y, twice

    class Scrolled(Message):
        """The wheel was turned: `by` is 1 or -1."""

        def __init__(self, canvas: Canvas, by: int) -> None:
            super().__init__()
            self.canvas, self.by = canvas, by

    def __init__(self, draw: Draw, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw, self._ascii = draw, ascii
        self._strips: list[Strip] = []
        self._of: object = None

    def redraw(self) -> None:
        """Draw again."""
        self._of = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The strip of one line."""
        size, ground = self.content_size, self.rich_style
        key = (size, ground)
        if key != self._of:
            self._of = key
            self._strips = [
                strip_of(line, ground, size.width, ascii=self._ascii)
                for line in self._draw(size.width, size.height)[: size.height]
            ]
        return self._strips[y] if y < len(self._strips) else Strip.blank(size.width, ground)

    @property
    def words(self) -> str:
        """The characters it shows."""
        size = self.content_size
        return "\n".join(self.render_line(y).text.rstrip() for y in range(size.height))

    def on_click(self, event: events.Click) -> None:
        """Tell which cell."""
        at = event.get_content_offset(self)
        if at is not None:
            self.post_message(self.Pressed(self, at.x, at.y, event.chain > 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Forward."""
        event.stop()
        self.post_message(self.Scrolled(self, 1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Back."""
        event.stop()
        self.post_message(self.Scrolled(self, -1))
