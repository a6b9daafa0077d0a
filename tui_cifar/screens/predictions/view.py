"""What the grid and the detail of the predictions have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol

import numpy as np
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message

from tui_cifar.render.look import Look
from tui_cifar.render.text.line import Line
from tui_cifar.run.browser import Browser
from tui_cifar.run.predictions import Results
from tui_cifar.widgets.canvas import Canvas


class Host(Protocol):
    """What a view needs of its screen."""

    @property
    def look(self) -> Look: ...

    @property
    def browser(self) -> Browser:
        """On the evaluation that is shown now."""

    @property
    def answerer(self) -> object:
        """A value that changes with who answers questions about images."""

    def waiting(self) -> list[Line]:
        """What to say before there are predictions."""

    def open_detail(self) -> None: ...

    def close_detail(self) -> None: ...

    def redraw(self) -> None: ...

    def remember(self) -> None:
        """Keep outcome and order for the next start."""

    def ask(self, image: np.ndarray, key: object, post: Callable[[Message], object]) -> None:
        """Have the network inspect an image; `post` gets an `Answered` with `key`."""


def key(
    keys: str, action: str, description: str, id: str, tooltip: str, *, show: bool = True, display: str | None = None
) -> Binding:
    """A key binding with its tooltip on the same line."""
    return Binding(keys, action, description, id=id, tooltip=tooltip, show=show, key_display=display)


class View(Canvas, can_focus=True):
    """A drawing of the browser that has keys of its own while it has the focus."""

    MINOR: ClassVar[frozenset[str]] = frozenset()
    """Actions whose keys are the first to go if the footer has no room for all."""
    BINDINGS: ClassVar[list[BindingType]] = [
        key("left", "move(-1, 0)", "Left", "browse.left", "Left; in the detail, the previous image", show=False),
        key("right", "move(1, 0)", "Right", "browse.right_arrow", "Right; in the detail, the next image", show=False),
        key("up", "move(0, -1)", "Up", "browse.up", "Up", show=False),
        key("down", "move(0, 1)", "Down", "browse.down", "Down", show=False),
        key("home", "edge(False)", "First", "browse.home", "First image", show=False),
        key("end", "edge(True)", "Last", "browse.end", "Last image", show=False),
    ]

    def __init__(self, host: Host, *, ascii: bool, id: str) -> None:
        super().__init__(self._draw, ascii=ascii, id=id)
        self.host = host

    def _draw(self, width: int, height: int) -> list[Line]:
        browser = self.host.browser
        if browser.results is None:
            return self.host.waiting()
        if not len(browser.numbers):
            return [[Segment("No image matches. Press a for all images.", self.host.look.styles.dim)]]
        return self.draw(browser.results, width, height)

    def draw(self, results: Results, width: int, height: int) -> list[Line]:
        """The lines for a width and a height; at least one image is selected."""
        raise NotImplementedError

    def go(self, by: int) -> None:
        """Move the cursor to another image."""
        self.host.browser.move(by)
        self.host.redraw()

    def action_edge(self, last: bool) -> None:
        browser = self.host.browser
        browser.move_to(len(browser.numbers) - 1 if last else 0)
        self.host.redraw()
