"""What the panels of the dashboard share: a thin border with a title, and drawing only when something changed."""

from __future__ import annotations

import time
from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.widgets import Static

from tui_cifar.app.theme import style
from tui_cifar.render.text.text import plain
from tui_cifar.run.state import RunState
from tui_cifar.terminal.textual_private import bindings_in_use


class Panel(Static):
    """A panel that draws itself from a `RunState`.

    A subclass says in `parts` which parts of the view it shows, and draws them in `draw`. It is called again only when
    one of the parts, the size, the theme or the panel's own options changed, and for the parts at most every `seconds`
    while the run is under way: `show` is called often, and draws then what it left out.
    """

    parts: tuple[str, ...] = ()
    seconds = 0.0

    DEFAULT_CSS = """
    Panel { border: round $border-blurred; padding: 0 1; border-title-color: $text; border-subtitle-color: $text; }
    Panel.-marked { border: round $accent; }
    Panel.-ascii.-marked { border: ascii $accent; }
    Panel.-ascii { border: ascii $border-blurred; }
    """

    def __init__(self, *, ascii: bool = False, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii = ascii
        self.view = RunState()
        self._drawn: tuple[object, object] | None = None
        self._drawn_at = 0.0
        self.set_class(ascii, "-ascii")

    def show(self, view: RunState) -> None:
        """Draw what changed since the last time."""
        self.view = view
        look = tuple(self.app.theme_variables.get(name) for name in ("foreground", "background", "accent"))
        place = (id(view), view.terminal is None, view.state == "PAUSED", self.content_size, look, self.options())
        parts = tuple(view.changes.get(p, 0) for p in self.parts)
        if (place, parts) == self._drawn or self.content_size.width <= 0:
            return
        now = time.monotonic()
        if self._drawn is not None and place == self._drawn[0] and now < self._drawn_at + self.seconds:
            return
        self._drawn, self._drawn_at = (place, parts), now
        self.update(self.draw(), layout=False)

    def options(self) -> object:
        """The panel's own settings, as a value that differs when they do."""
        return None

    def draw(self) -> RenderableType:
        """What the panel shows now."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw after an option changed."""
        self.show(self.view)

    def on_resize(self, event: events.Resize) -> None:
        """Fit the new size."""
        self.show(self.view)

    def titles(self, title: str, *settings: tuple[str, str]) -> None:
        """Set the words in the border.

        Args:
            settings: below at the right, each as the id of the binding that changes it, "" for none, and its value.
        """
        self.border_title = Text(self.word(title))
        dim, subtitle = self.ink("dim"), Text()
        for i, (id, value) in enumerate(settings):
            key = self._key(id)
            subtitle.append(self.word(" · ") if i else "", dim)
            subtitle.append(f"{key} " if key else "", f"bold {self.ink('footer-key-foreground')}")
            subtitle.append(self.word(value), dim)
        self.border_subtitle = subtitle

    def _key(self, id: str) -> str:
        """The key that does it on this screen, as it is shown."""
        bindings = bindings_in_use(self.app, self.screen) if id else []
        return next((self.app.get_key_display(b) for b in bindings if b.id == id), "")

    def word(self, text: str) -> str:
        """The text as this terminal can show it."""
        return plain(text) if self.ascii else text

    def ink(self, name: str) -> str:
        """A colour of the theme as the words of a style."""
        return style(self.app.theme_variables, name)

    @staticmethod
    def lines(lines: Iterable[Text]) -> Text:
        """Lines one below the other, none of them wrapped."""
        return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)

    def waiting(self, text: str) -> Text:
        """The words of an empty place: what it waits for."""
        return Text(self.word(text), style=self.ink("dim"))
