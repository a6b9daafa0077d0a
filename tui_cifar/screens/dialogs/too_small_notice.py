"""Shown while the terminal is too small for the screens."""

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
"""Columns and rows that the screens need."""


def too_small(width: int, height: int) -> bool:
    """Whether a terminal of this size is too small; 0 by 0 means that its size is not known yet."""
    return (width > 0 and height > 0) and (width < SMALLEST[0] or height < SMALLEST[1])


class TooSmallNotice(Settled, ModalScreen[None]):
    """Says how large the terminal must be. Meanwhile the run goes on, and the keys that steer it work."""

    DEFAULT_CSS = """
    TooSmallNotice { align: center middle; background: $background; overflow: hidden; }
    TooSmallNotice Static { width: 100%; height: auto; text-align: center; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # With the ids of the app's own bindings, so that the user's keys apply.
        Binding("space", "steer", id="run.pause", show=False),
        Binding("space", "steer", id="run.resume", show=False),
        Binding("s", "app.save", id="run.save", show=False),
        Binding("q", "app.leave", id="app.quit", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._dismissed = False

    def compose(self) -> ComposeResult:
        yield Static()

    def on_mount(self) -> None:
        self._redraw()

    def on_screen_resume(self) -> None:
        """The terminal may have grown while a dialog covered the notice."""
        self.on_resize()

    def on_resize(self) -> None:
        """Close as soon as there is room."""
        if self._dismissed:
            return
        if not too_small(*self.app.size) and self.is_current:
            self._dismissed = True
            self.dismiss(None)
        else:
            self._redraw()

    def _redraw(self) -> None:
        (width, height), (least_width, least_height) = self.app.size, SMALLEST
        keys = {b.id: self.app.get_key_display(b) for b in reversed(bindings_in_use(self.app, self))}
        hint = f"{keys['run.pause']}: pause   {keys['run.save']}: save   {keys['app.quit']}: quit"
        lines = (
            Text(f"Terminal too small: {width}x{height}, needs {least_width}x{least_height}.", "bold"),
            Text("The run continues."),
            Text(hint, style(self.app.theme_variables, "dim")),
        )
        self.query_one(Static).update(Text("\n").join(lines))

    async def action_steer(self) -> None:
        """Pause or resume, whichever is possible."""
        for action in ("pause", "resume"):
            if self.app.check_action(action, ()):
                await self.run_action(f"app.{action}")
                return
