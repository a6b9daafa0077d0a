"""The driver of the terminal: survives signals that arrive at any moment, and asks the terminal itself for its size."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

from tui_cifar.terminal.textual_private import SignalDriver


class SteadyDriver(SignalDriver):
    """Takes the terminal again after SIGCONT only if it had released it, and only if there still is a terminal.

    Textual takes every SIGCONT for the end of a stop. But the kernel also sends one after the SIGHUP of a terminal that goes
    away, and anybody may send one to a process that was never stopped. Textual then starts a second input thread beside the
    first, which takes half of the keys and may block in a read for ever at exit, and the screen with it.

    The signal handlers leave the work to the event loop: they may have interrupted the very queue that they would write to.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._event_loop = asyncio.get_running_loop()

    def terminal_size(self) -> tuple[int, int]:
        # Textual prefers COLUMNS and LINES, which do not change when the terminal is resized.
        try:
            columns, rows = os.get_terminal_size(self.fileno)
        except OSError:
            columns = rows = 0
        return (columns, rows) if columns and rows else super().terminal_size()

    def on_stop_signal(self) -> None:
        if not self._call_soon(self._release_and_stop):
            os.kill(os.getpid(), signal.SIGSTOP)

    def on_continue_signal(self) -> None:
        self._call_soon(self._take_again)

    def _call_soon(self, action: Callable[[], None]) -> bool:
        """Have the event loop call something; False if the loop has ended."""
        try:
            self._event_loop.call_soon_threadsafe(action)
        except RuntimeError:
            return False
        return True

    def _release_and_stop(self) -> None:
        if self.in_charge and not self.released:
            self.release_terminal()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _take_again(self) -> None:
        if not self.in_charge or not os.isatty(self.fileno):
            return
        if not self.released:
            # SIGSTOP left no time to release the terminal, whose modes anyone may have changed since.
            self.release_terminal()
        self.take_terminal()
