"""The footer: the keys of a screen, on one line."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Footer

from tui_cifar.terminal.textual_private import FooterKey, footer_keys

ALWAYS = frozenset({"help", "leave", "close", "overview"})
"""Actions whose keys are shown however narrow the terminal is: the way to all the others, back, and out."""


class KeyFooter(Footer):
    """Shows as many keys as fit, the screen's before the application's, in the order in which they are declared.

    If there is no room for all, keys of the actions that the screen, or the focused widget, names in `MINOR` go first, then
    the last ones, but never those of `ALWAYS`.
    """

    _wanted: object = None
    """The bindings that it was composed for, or is about to be."""
    _width = 0

    def bindings_changed(self, screen: Screen[object]) -> None:
        if screen is self.screen and self.is_attached and self.app.app_focus:
            if (available := self._available()) == self._wanted:  # composing is slow
                return
            self._wanted = available
        super().bindings_changed(screen)

    def on_resize(self) -> None:
        if self.app.size.width != self._width:
            self.call_after_refresh(self.recompose)

    def compose(self) -> ComposeResult:
        self._wanted, self._width = self._available(), self.app.size.width
        owners = [node for node in (self.screen, self.screen.focused, self.app) if node is not None]
        places = _declared(owners)
        minor = frozenset[str]().union(*(getattr(owner, "MINOR", ()) for owner in owners))
        keys = sorted(footer_keys(self), key=lambda key: places.get(_without_namespace(key.action), len(places)))
        for key in sorted(reversed(keys), key=lambda key: _name(key.action) not in minor):
            if sum(map(_cells, keys)) <= self._width:
                break
            if _name(key.action) not in ALWAYS:
                keys.remove(key)
        self.styles.grid_size_columns = max(1, len(keys))
        yield from keys

    def _available(self) -> object:
        bindings = self.screen.active_bindings.values()
        return [(a.binding.key, a.binding.description, a.enabled) for a in bindings]


def _declared(owners: Iterable[DOMNode]) -> dict[str, int]:
    """The place of each action in the order of declaration, base classes before their subclasses."""
    classes = [c for owner in owners for c in reversed(type(owner).__mro__)]
    declared = [binding for c in classes for binding in vars(c).get("BINDINGS", ())]
    return {b.action: i for i, b in reversed(list(enumerate(declared))) if isinstance(b, Binding)}


def _cells(key: FooterKey) -> int:
    return len(key.key_display) + len(key.description) + 3


def _without_namespace(action: str) -> str:
    """ "help" of "app.help"."""
    namespace, point, rest = action.partition(".")
    return rest if point and namespace in ("app", "screen") else action


def _name(action: str) -> str:
    """ "go" of "app.go('log')"."""
    return _without_namespace(action).partition("(")[0]
