"""What is shown while the terminal is too small for anything else."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_cifar.app.theme import style
from tui_cifar.screens.base.settled import Settled
from tui_cifar.terminal.textual_private import bindings_in_use

SMALLEST = (60, 15)
"""Columns and rows from which the screens are useful."""


def too_small(width: int, height: int) -> bool:
    """Whether a terminal of this size gets the notice. (0 by 0 is one whose size is not known yet.)"""
    return (width > 0 and height > 0) and (width < SMALLEST[0] or height < SMALLEST[1])


class TooSmallNotice(Settled, ModalScreen[None]):
    """Says so, and how large it must be; the run goes on, and the keys that steer it work."""

    DEFAULT_CSS = """
    TooSmall { align: center middle; background: $background; }
    TooSmall Static { width: 100%; height: auto; text-align: center; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # By the names of the application's own, so that they have the user's keys.
        Binding("space", "steer", id="run.pause", show=False),
        Binding("space", "steer", id="run.resume", show=False),
        Binding("s", "app.save", id="run.save", show=False),
        Binding("q", "app.leave", id="app.quit", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._leaving = False

    def compose(self) -> ComposeResult:
        """Lines that fit nearly anywhere."""
        yield Static()

    def on_mount(self) -> None:
        """Say it."""
        self._say()

    def on_screen_resume(self) -> None:
        """What covered the notice is gone; by now there may be room again."""
        self.on_resize()

    def on_resize(self) -> None:
        """Leave as soon as there is room."""
        if self._leaving:
            return
        if not too_small(*self.app.size) and self.is_current:
            self._leaving = True
            self.dismiss(None)
        else:
            self._say()

    def _say(self) -> None:
        (width, height), (least_width, least_height) = self.app.size, SMALLEST
        keys = {b.id: self.app.get_key_display(b) for b in reversed(bindings_in_use(self.app, self))}
        told = f"{keys['run.pause']} pauses, {keys['run.save']} saves, {keys['app.quit']} leaves"
        lines = (
            Text(f"Terminal too small: {width}x{height}, needs {least_width}x{least_height}.", "bold"),
            Text("The run goes on."),
            Text(told, style(self.app.theme_variables, "dim")),
        )
        self.query_one(Static).update(Text("\n").join(lines))

    async def action_steer(self) -> None:
        """Pause or resume, whichever is possible."""
        for action in ("pause", "resume"):
            if self.app.check_action(action, ()):
                await self.run_action(f"app.{action}")
                return
