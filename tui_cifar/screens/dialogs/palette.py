"""The command palette."""

from __future__ import annotations

from typing import Any

from textual.await_complete import AwaitComplete
from textual.command import SearchIcon

from tui_cifar.screens.base.settled import Settled
from tui_cifar.terminal.textual_private import SafePalette


class Palette(Settled, SafePalette):
    """The palette, closed once: a second enter, sent before the first has closed it, would close the screen below as well."""

    def on_mount(self) -> None:
        for icon in self.query(SearchIcon):
            icon.icon = ">"  # not every font has Textual's

    def dismiss(self, result: Any = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_current else AwaitComplete()
