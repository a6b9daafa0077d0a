"""A screen of a run with a few views of one thing, reached by tab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui_cifar.render.text.line import Line
from tui_cifar.screens.base.run_screen import RunScreen
from tui_cifar.widgets.canvas import Canvas

CURRENT = Style(underline=True)
"""Marks the present view beside its colour."""


class TabbedScreen(RunScreen):
    """Views by name; a subclass draws them in `drawers`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_view(1)", "Next view", id="tabbed.next", priority=True, tooltip="The next view"),
        Binding(
            "shift+tab",
            "next_view(-1)",
            "View before",
            id="tabbed.previous",
            priority=True,
            show=False,
            tooltip="The view before",
        ),
        Binding("up", "scroll(-1)", "Up", id="tabbed.up", show=False, tooltip="Up, or the layer before"),
        Binding("down", "scroll(1)", "Down", id="tabbed.down", show=False, tooltip="Down, or the next layer"),
        Binding("pageup", "scroll(-10)", "Page up", id="tabbed.pageup", show=False, tooltip="Ten up"),
        Binding("pagedown", "scroll(10)", "Page down", id="tabbed.pagedown", show=False, tooltip="Ten down"),
    ]
    views: ClassVar[Mapping[str, str]]

    def __init__(self, *, ascii: bool) -> None:
        super().__init__(ascii=ascii)
        self.current = next(iter(self.views))
        self.top = 0
        """First line, or the item chosen, of the present view."""

    def body(self) -> ComposeResult:
        """A line with the views' names, and the view."""
        status = Canvas(self._tabs, ascii=self._ascii, id="status")
        status.styles.height = 1
        yield status
        yield Canvas(self._draw, ascii=self._ascii, id="body")

    @property
    def drawers(self) -> Mapping[str, Callable[[int, int], list[Line]]]:
        """What draws each view."""
        raise NotImplementedError

    def last(self) -> int:
        """The greatest value of `top` in the present view."""
        return 0

    def _tabs(self, width: int, height: int) -> list[Line]:
        styles = self.look.styles
        line: Line = []
        for key, word in self.views.items():
            line += [Segment(word, styles.accent + CURRENT if key == self.current else styles.dim), Segment("   ")]
            if key == self.current and (self._ascii or self.app.no_color):
                line[-2] = Segment(f"[{word}]", styles.accent)
        return [line]

    def _draw(self, width: int, height: int) -> list[Line]:
        self.top = max(0, min(self.top, self.last()))
        return self.drawers[self.current](width, height)

    def redraw(self) -> None:
        """Draw again."""
        for canvas in self.query(Canvas):
            canvas.redraw()

    def action_next_view(self, step: int) -> None:
        """The next view."""
        keys = list(self.views)
        self.current = keys[(keys.index(self.current) + step) % len(keys)]
        self.top = 0
        self.refresh_bindings()
        self.redraw()

    def action_scroll(self, by: int) -> None:
        """Further down or up."""
        self.top = max(0, min(self.top + by, self.last()))
        self.redraw()

    def on_canvas_scrolled(self, message: Canvas.Scrolled) -> None:
        """The wheel scrolls."""
        self.action_scroll(message.by)

    def on_canvas_pressed(self, message: Canvas.Pressed) -> None:
        """A click on a view's name shows it."""
        if message.canvas.id != "status":
            return
        x = 0
        for key, word in self.views.items():
            if x <= message.x < x + len(word):
                self.action_next_view(list(self.views).index(key) - list(self.views).index(self.current))
                return
            x += len(word) + 3
