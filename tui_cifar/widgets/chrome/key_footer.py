"""The line of keys at the foot of a screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

ALWAYS = frozenset({"help", "leave", "close", "overview"})
"""Actions whose keys are shown however narrow the terminal is: the way to all the others, back, and out."""


class KeyFooter(Footer):
    """As many keys as fit, the screen's own first, in the order in which they are declared; none is cut in half.

    A screen may name actions in `MINOR`: their keys are the first to go where there is no room.
    """

    _shown: object = None
    _width = 0

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Compose again, which is slow, only where other keys are offered than those shown."""
        if screen is not self.screen or not self.is_attached or not self.app.app_focus:
            super().bindings_changed(screen)
            return
        if self._offered() != self._shown:
            super().bindings_changed(screen)

    def on_resize(self) -> None:
        """Other keys may fit."""
        if self.app.size.width != self._width:
            self.call_after_refresh(self.recompose)

    def compose(self) -> ComposeResult:
        """The keys, less the last of them where there is no room. Textual's footer has none in its first frame."""
        self._bindings_ready = True
        self._shown, self._width = self._offered(), self.app.size.width
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        room = self.app.size.width

        def width(key: FooterKey) -> int:
            return len(key.key_display) + len(key.description) + 3

        nodes = [*reversed(type(self.screen).__mro__), *reversed(type(self.app).__mro__)]
        declared = [binding for node in nodes for binding in vars(node).get("BINDINGS", ())]
        places = {b.action: i for i, b in reversed(list(enumerate(declared))) if isinstance(b, Binding)}
        keys.sort(key=lambda key: places.get(_full(key.action), len(places)))
        minor: frozenset[str] = getattr(self.screen, "MINOR", frozenset())
        by_worth = sorted(reversed(keys), key=lambda key: _bare(key.action) not in minor)
        for key in by_worth:
            if sum(map(width, keys)) <= room:
                break
            if _bare(key.action) not in ALWAYS:
                keys.remove(key)
        self.styles.grid_size_columns = max(1, len(keys))
        yield from keys

    def _offered(self) -> object:
        bindings = self.screen.active_bindings.values()
        return [(a.binding.key, a.binding.description, a.enabled) for a in bindings]


def _full(action: str) -> str:
    """The action without the name of what it belongs to: "app.help" is "help"."""
    before, point, rest = action.partition(".")
    return rest if point and before in ("app", "screen") else action


def _bare(action: str) -> str:
    """The action without its arguments."""
    return _full(action).partition("(")[0]
