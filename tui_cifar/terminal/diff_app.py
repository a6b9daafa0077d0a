"""An application that is light on the line: sends only the cells that changed, so often and so much as the line is for."""

from __future__ import annotations

import math
import os
import select
import time
from typing import Any, ClassVar

from rich.color import ColorSystem
from rich.control import Control
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui_cifar.terminal.driver import SteadyDriver
from tui_cifar.terminal.painter import Painter

RETRY_SECONDS = 0.02
"""How long to wait before looking again whether a slow terminal takes more; no frame waits for less."""
ANSWER_SECONDS = 0.15
"""How long after a key frames count as its answer."""
HELD_SECONDS = 0.1
"""Keys closer together than this are one that is held down."""


class DiffApp(App[None]):
    """Draws through a `Painter`; with `ascii`, no character above 127 ever reaches the terminal.

    While the terminal has not taken what was sent, nothing more is: what changes meanwhile is drawn at once when it has,
    so a slow line shows fewer frames, never older ones, and keys don't wait behind drawing. A key is answered at once, however
    lately the last frame was sent; a key that is held down gets no more frames than `frame_seconds` allows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+l",
            "redraw",
            "Redraw",
            id="app.redraw",
            show=False,
            tooltip="Draw the whole screen anew",
            priority=True,
        ),
    ]

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__(driver_class=SteadyDriver)
        self.painter = Painter(ascii=ascii)
        self.frame_seconds = 0.0
        """The least time from one frame that is sent to the next, but for answers to keys."""
        self._sent_at = self._key_at = self._answers_until = -math.inf
        self._retrying = False

    def on_mount(self) -> None:
        """After the program was in the background, the terminal shows something else."""
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw(), immediate=True)

    async def on_event(self, event: events.Event) -> None:
        """See whether a key has come that is to be answered at once."""
        if isinstance(event, events.Key):
            now = time.monotonic()
            if now - self._key_at > HELD_SECONDS:
                self._answers_until = now + ANSWER_SECONDS
            self._key_at = now
        await super().on_event(event)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Textual's one place where something is sent to the terminal."""
        driver = self._driver
        if (
            not isinstance(renderable, (LayoutUpdate, ChopsUpdate))
            or driver is None
            or driver.is_inline
            or self.is_headless
            or self._batch_count
            or not self._running
            or self._closed
        ):
            super()._display(screen, renderable)
            return
        self.painter.resize(*self.size)
        self.painter.take(renderable, self._colours)
        self._send()
        self.post_display_hook()

    @property
    def _colours(self) -> ColorSystem | None:
        """How many colours the terminal has; None where it shall show none (NO_COLOR)."""
        if self.no_color:
            return None
        return self.console._color_system or ColorSystem.TRUECOLOR

    def _send(self) -> None:
        """Send what differs, or try again soon where the terminal is still busy with what came before."""
        driver = self._driver
        if driver is None or self._closed:
            return
        now = time.monotonic()
        wait = 0.0 if now < self._answers_until else self._sent_at + self.frame_seconds - now
        if wait > 0 or not self._takes_more():
            if not self._retrying:
                self._retrying = True
                self.set_timer(max(wait, RETRY_SECONDS), self._retry)
            return
        text = self.painter.changes()
        if text:
            self._sent_at = now
            self._begin_update()
            driver.write(
                text + Control.move_to(*self.screen.outer_size.clamp_offset(self.cursor_position)).segment.text
            )
            self._end_update()
            driver.flush()

    def _retry(self) -> None:
        self._retrying = False
        self._send()

    def _takes_more(self) -> bool:
        """Whether the terminal has taken all that was written before."""
        writer = getattr(self._driver, "_writer_thread", None)
        if writer is None:
            return True
        try:
            return writer._queue.empty() and bool(select.select([], [writer.fileno()], [], 0)[1])
        except (OSError, ValueError):  # closed
            return True

    def tell_terminal(self, sequence: str) -> None:
        """Send a sequence that draws nothing: a title, a bell. The Linux console knows none of those."""
        if self._driver is not None and not self.is_headless and os.environ.get("TERM") != "linux":
            self._driver.write(sequence)
            self._driver.flush()

    def action_redraw(self) -> None:
        """Draw every cell, whatever the terminal shows."""
        self.painter.forget()
        self.screen.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Terminals differ in what a change of size leaves on the screen."""
        self.painter.forget()
