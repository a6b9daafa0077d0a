"""Textual's palette, made to bear keys and results that come when its list has no room yet, or is gone already."""

from __future__ import annotations

from typing import Any

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, SearchIcon
from textual.css.query import NoMatches

from tui_cifar.screens.base.settled import Settled


class Palette(Settled, CommandPalette):
    """The palette as it is. What Textual (8.2) raises in three cases, and would end the application by, is nothing here.

    In a terminal of a few lines the list is never laid out, and keys that page through it find no line of the marked
    command. When the palette is closed in the middle of a search, the search goes on for a moment in a screen that has no
    list any more. A second enter, sent before the first has closed it, would close the screen below, or the last one.
    """

    def on_mount(self) -> None:
        """A sign that every font has."""
        for icon in self.query(SearchIcon):
            icon.icon = ">"

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close it once."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def _action_command_list(self, action: str) -> None:
        try:
            super()._action_command_list(action)
        except (KeyError, NoMatches):
            pass

    def _gather_commands(self, search_value: str) -> Any:
        return super()._gather_commands(search_value) if self._has_list else None

    def _refresh_command_list(self, command_list: CommandList, commands: list[Any], clear_current: bool) -> None:
        if self._has_list:
            super()._refresh_command_list(command_list, commands, clear_current)

    def _watch__list_visible(self) -> None:
        if self._has_list:
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if self._has_list:
            await super()._watch__show_busy()

    @property
    def _has_list(self) -> bool:
        return bool(self.query(CommandList))
