"""What the panels of the dashboard have in common: a border with a title, and drawing only when something has changed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.widgets import Static

from tui_cifar.app.theme import style
from tui_cifar.render.text.ascii import plain
from tui_cifar.run.state import RunState
from tui_cifar.terminal.textual_private import bindings_in_use


class Choice(NamedTuple):
    """A setting of a panel that is remembered."""

    name: str
    """In the file of remembered choices."""
    attribute: str
    """Of the panel."""
    allowed: Any
    """A container of the values that it may have."""


class DashboardPanel:
    """What the dashboard needs of a panel, whatever widget it is made from.

    A panel takes `ascii`, `id` and `classes` as keyword arguments.
    """

    KEYS: ClassVar[tuple[Binding, ...]] = ()
    """Keys of the whole dashboard whose actions are the panel's."""
    CHOICES: ClassVar[tuple[Choice, ...]] = ()

    def show(self, state: RunState) -> None:
        """Draw whatever has changed."""
        raise NotImplementedError


class Panel(DashboardPanel, Static):
    """A panel that draws itself from a `RunState`.

    A subclass names the parts of the state that it shows in `parts`, and draws them in `draw`. That is called again only
    when one of those parts, the size, the theme or the panel's own options have changed, and for the parts at most every
    `seconds` while the run is under way: `show` is called often, and catches up later.
    """

    parts: ClassVar[tuple[str, ...]] = ()
    seconds = 0.0

    DEFAULT_CSS = """
    Panel { border: round $border-blurred; padding: 0 1; border-title-color: $text; border-subtitle-color: $text; }
    Panel.-selected { border: round $accent; }
    Panel.-ascii.-selected { border: ascii $accent; }
    Panel.-ascii { border: ascii $border-blurred; }
    """

    def __init__(self, *, ascii: bool = False, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii = ascii
        self.state = RunState()
        self._drawn: tuple[object, object] | None = None
        self._drawn_at = 0.0
        self.set_class(ascii, "-ascii")

    def show(self, state: RunState) -> None:
        self.state = state
        theme = tuple(self.app.theme_variables.get(name) for name in ("foreground", "background", "accent"))
        place = (id(state), state.ended is None, state.status == "PAUSED", self.content_size, theme, self.options())
        parts = tuple(state.changes.get(p, 0) for p in self.parts)
        if (place, parts) == self._drawn or self.content_size.width <= 0:
            return
        now = time.monotonic()
        if self._drawn is not None and place == self._drawn[0] and now < self._drawn_at + self.seconds:
            return
        self._drawn, self._drawn_at = (place, parts), now
        self.update(self.draw(), layout=False)

    def options(self) -> object:
        """The panel's own settings, as a value that differs when they do."""
        return tuple(getattr(self, choice.attribute) for choice in self.CHOICES)

    def draw(self) -> RenderableType:
        """What the panel shows now."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw after an option has changed."""
        self.show(self.state)

    def on_resize(self, event: events.Resize) -> None:
        self.show(self.state)

    def titles(self, title: str, *settings: tuple[str, str]) -> None:
        """Set the text in the border.

        Args:
            settings: at the bottom right, each as the id of the key that changes it, or "", and its value.
        """
        self.border_title = Text(self.printable(title))
        dim, subtitle = self.style_of("dim"), Text()
        for i, (id, value) in enumerate(settings):
            key = self._key(id)
            subtitle.append(self.printable(" · ") if i else "", dim)
            subtitle.append(f"{key} " if key else "", f"bold {self.style_of('footer-key-foreground')}")
            subtitle.append(self.printable(value), dim)
        self.border_subtitle = subtitle

    def _key(self, id: str) -> str:
        """The key of a binding on this screen, as it is displayed."""
        bindings = bindings_in_use(self.app, self.screen) if id else []
        return next((self.app.get_key_display(b) for b in bindings if b.id == id), "")

    def printable(self, text: str) -> str:
        """The text in characters that the terminal has."""
        return plain(text) if self.ascii else text

    def style_of(self, name: str) -> str:
        """A colour of the theme as a Rich style."""
        return style(self.app.theme_variables, name)

    @staticmethod
    def lines(lines: Iterable[Text]) -> Text:
        """Lines that are not wrapped."""
        return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)

    def waiting(self, text: str) -> Text:
        """What an empty panel says: what it waits for."""
        return Text(self.printable(text), style=self.style_of("dim"))
