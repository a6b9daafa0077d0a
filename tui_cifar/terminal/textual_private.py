"""Private parts of Textual, each behind a name that says what it is for.

Textual is pinned to the minor version that this was tested with. `tests/tui_cifar/terminal/test_textual_private.py` checks
what is relied on, and so names what a new version changed.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from typing import Any

from rich.control import Control
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, ReturnType
from textual.binding import Binding
from textual.command import CommandList, CommandPalette
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

__all__ = ["FooterKey"]

Update = LayoutUpdate | ChopsUpdate
"""What the compositor drew: a whole region of the screen, or the parts of it that changed."""


def strips_of(update: Update) -> Iterator[tuple[int, int, Strip]]:
    """(column, row, strip) of everything in an update."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip
                x += strip.cell_length
        return
    for y, x1, x2 in update.spans:
        for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if chop is not None and x <= x2 and end > x1:
                yield x, y, chop if end <= x2 else chop.crop(0, x2 - x)


def full_update(strips: list[Strip]) -> Update:
    """An update of a whole screen, line by line."""
    width = max((strip.cell_length for strip in strips), default=0)
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, width, len(strips)))


def screen_strips(screen: Screen[Any]) -> list[Strip]:
    """Every line of a screen, drawn anew."""
    return screen._compositor.render_strips()


# -- the application ----------------------------------------------------------------------------------------------------


class DrawingApp(App[ReturnType]):
    """An application that may send what the compositor drew to the terminal in its own way: see `show_update`."""

    def show_update(self, screen: Screen[Any], update: Update) -> None:
        """Send an update of the screen to the terminal. Textual sends every cell in it."""
        super()._display(screen, update)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, Update) and not self._batch_count:
            self.show_update(screen, renderable)
        else:
            super()._display(screen, renderable)

    @property
    def has_terminal(self) -> bool:
        """Whether there is a screen to draw on: the application is running, and neither headless nor inline."""
        driver = self._driver
        return (
            driver is not None and self._running and not self._closed and not self.is_headless and not driver.is_inline
        )

    @property
    def terminal_is_ready(self) -> bool:
        """Whether the terminal has taken everything that was written, so that a frame written now is shown at once."""
        writer = getattr(self._driver, "_writer_thread", None)
        if writer is None:
            return True
        try:
            return writer._queue.empty() and bool(select.select([], [writer.fileno()], [], 0)[1])
        except (OSError, ValueError):  # closed
            return True

    def write_frame(self, text: str) -> None:
        """Write a frame, which a terminal with synchronized output shows as a whole, and move the cursor to its place."""
        if self._driver is not None:
            cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            self._begin_update()
            self._driver.write(text + Control.move_to(*cursor).segment.text)
            self._end_update()
            self._driver.flush()

    def write_sequence(self, sequence: str) -> None:
        """Write an escape sequence that draws nothing, unless there is no terminal."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)
            self._driver.flush()

    @property
    def is_exiting(self) -> bool:
        """Whether `exit` was called: the screens are being taken down."""
        return self._exit

    def update_ansi_colours(self) -> None:
        """Replace ANSI colours with RGB, or leave them to the terminal, as the theme wants: for a theme set without its watcher."""
        self._refresh_truecolor_filter(self.ansi_theme)


def as_default_screen(screen: Screen[Any]) -> Screen[Any]:
    """A screen that `App.get_default_screen` may return, so that `switch_screen` can replace it.

    `switch_screen` pops a result callback of the screen that it replaces, which only `push_screen` pushes.
    """
    screen._push_result_callback(screen, None)
    return screen


def bindings_in_use(app: App[Any], node: DOMNode) -> list[Binding]:
    """What a screen or the application declares, with the keys of the user's keymap."""
    bindings = node._bindings.copy()
    bindings.apply_keymap(app._keymap)
    return [binding for found in bindings.key_to_bindings.values() for binding in found]


# -- the driver ---------------------------------------------------------------------------------------------------------


class SignalDriver(LinuxDriver):
    """Textual's driver for Unix, with its reactions to signals as methods that can be overridden."""

    def terminal_size(self) -> tuple[int, int]:
        """Columns and rows of the terminal."""
        return super()._get_terminal_size()

    def on_stop_signal(self) -> None:
        """React to SIGTSTP, in the signal handler."""
        super()._sigtstp_application()

    def on_continue_signal(self) -> None:
        """React to SIGCONT, in the signal handler."""
        super()._sigcont_application()

    @property
    def in_charge(self) -> bool:
        """Whether the screen is up: neither lent to another program (`App.suspend`) nor being taken down."""
        return self._auto_restart and self._app._running

    @property
    def released(self) -> bool:
        """Whether the terminal was given back to the shell, and is to be taken again."""
        return self._must_signal_resume

    def release_terminal(self) -> None:
        """Give the terminal back as it was; the application is told of its resumption after `take_terminal`."""
        self.suspend_application_mode()
        self._must_signal_resume = True

    def take_terminal(self) -> None:
        """Take the terminal again after `release_terminal`."""
        self.resume_application_mode()

    def _get_terminal_size(self) -> tuple[int, int]:
        return self.terminal_size()

    def _sigtstp_application(self, *_: object) -> None:
        self.on_stop_signal()

    def _sigcont_application(self, *_: object) -> None:
        self.on_continue_signal()


# -- widgets ------------------------------------------------------------------------------------------------------------


def footer_keys(footer: Footer) -> list[FooterKey]:
    """The keys that Textual's footer shows now. By itself it has none in its first frame."""
    footer._bindings_ready = True
    return [key for key in Footer.compose(footer) if isinstance(key, FooterKey)]


class SafePalette(CommandPalette):
    """Textual's command palette, without the errors by which it would end the application (as of Textual 8.2).

    In a terminal of a few lines its list is never laid out, and keys that page through it find no line of the selected
    command. When it is closed in the middle of a search, the search goes on for a moment in a screen without a list.
    """

    @property
    def _has_list(self) -> bool:
        return bool(self.query(CommandList))

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
