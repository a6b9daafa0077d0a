"""An application that spares the line to the terminal: it sends only cells that changed, no faster than the line takes them."""

from __future__ import annotations

import math
import os
import time
from typing import Any, ClassVar

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS
from textual import events
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui_cifar.terminal.driver import SteadyDriver
from tui_cifar.terminal.painter import Painter
from tui_cifar.terminal.textual_private import DrawingApp, Update

RETRY_SECONDS = 0.02
"""How long to wait before a frame is tried again because the terminal is busy; the shortest wait for any reason."""
ANSWER_SECONDS = 0.15
"""How long after a key press frames count as the answer to it."""
HELD_SECONDS = 0.1
"""Key presses closer together than this are repeats of a key that is held down."""


class DiffApp(DrawingApp[None]):
    """Draws through a `Painter`.

    Nothing is sent while the terminal is still busy with earlier frames. What changes meanwhile is sent as one frame as soon
    as the terminal is ready, so a slow line shows fewer frames, but never outdated ones, and the answer to a key does not
    queue behind them. A key press is answered at once, however recent the last frame; a key that is held down gets no more
    frames than `frame_seconds` allows.

    Args:
        ascii: send no character above 127.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+l",
            "redraw",
            "Redraw",
            id="app.redraw",
            show=False,
            tooltip="Redraw the whole screen",
            priority=True,
        ),
    ]

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__(driver_class=SteadyDriver)
        self.painter = Painter(ascii=ascii)
        self.frame_seconds = 0.0
        """The shortest time between two frames, except for answers to keys."""
        self._sent_at = self._key_at = self._answer_until = -math.inf
        self._retrying = False

    def on_mount(self) -> None:
        # While the program was in the background, others wrote to the terminal.
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw(), immediate=True)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            now = time.monotonic()
            if now - self._key_at > HELD_SECONDS:
                self._answer_until = now + ANSWER_SECONDS
            self._key_at = now
        await super().on_event(event)

    def show_update(self, screen: Screen[Any], update: Update) -> None:
        if not self.has_terminal:
            super().show_update(screen, update)
            return
        self.painter.resize(*self.size)
        self.painter.take(update, self._color_system)
        self._send()
        self.post_display_hook()

    @property
    def _color_system(self) -> ColorSystem | None:
        """The colours that the terminal has; None if it is to show none (NO_COLOR)."""
        if self.no_color:
            return None
        return COLOR_SYSTEMS[self.console.color_system or "truecolor"]

    def _send(self) -> None:
        """Send a frame, or try again soon if it is too early or the terminal is busy."""
        if not self.has_terminal:
            return
        now = time.monotonic()
        wait = 0.0 if now < self._answer_until else self._sent_at + self.frame_seconds - now
        if wait > 0 or not self.terminal_is_ready:
            if not self._retrying:
                self._retrying = True
                self.set_timer(max(wait, RETRY_SECONDS), self._retry)
        elif frame := self.painter.changes():
            self._sent_at = now
            self.write_frame(frame)

    def _retry(self) -> None:
        self._retrying = False
        self._send()

    def write_sequence(self, sequence: str) -> None:
        if os.environ.get("TERM") != "linux":  # the Linux console would show parts of a title or notification
            super().write_sequence(sequence)

    def action_redraw(self) -> None:
        self.painter.forget()
        self.screen.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self.painter.forget()  # terminals differ in what they leave on the screen
