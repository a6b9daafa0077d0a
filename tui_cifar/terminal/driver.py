"""Textual's way to the terminal, made safe against signals that come at any moment, and of the size that the terminal has."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

from textual.drivers.linux_driver import LinuxDriver


class SteadyDriver(LinuxDriver):
    """Takes the terminal anew after SIGCONT only where it was given up before, and where there still is one.

    Textual takes every SIGCONT for the end of a stop. But the kernel sends one after the SIGHUP of a terminal that goes away,
    and anybody may send one to a process that was never stopped: a second input thread then reads beside the first, which is
    forgotten, takes half of the keys, and at the end may wait for a key for ever, as may the whole screen for it.

    What is to be done is done by the event loop, never in the handler: that may have interrupted the very queue to the
    terminal that it would write to.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._loop = asyncio.get_running_loop()

    def _get_terminal_size(self) -> tuple[int, int]:
        """What the terminal itself says. Textual trusts COLUMNS and LINES more, which stay as they are when it is resized."""
        try:
            columns, rows = os.get_terminal_size(self.fileno)
        except OSError:
            columns = rows = 0
        return (columns, rows) if columns and rows else super()._get_terminal_size()

    def _sigtstp_application(self, *_: object) -> None:
        if not self._soon(self._give_up_and_stop):
            os.kill(os.getpid(), signal.SIGSTOP)

    def _sigcont_application(self, *_: object) -> None:
        self._soon(self._take_anew)

    def _soon(self, what: Callable[[], None]) -> bool:
        """Have the event loop do something; False where that has ended."""
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:
            return False
        return True

    def _give_up_and_stop(self) -> None:
        if self._in_charge and not self._must_signal_resume:
            self.suspend_application_mode()
            self._must_signal_resume = True
        os.kill(os.getpid(), signal.SIGSTOP)

    def _take_anew(self) -> None:
        if not self._in_charge or not os.isatty(self.fileno):
            return
        if not self._must_signal_resume:
            # SIGSTOP gave no time to give the terminal up: who knows what it was set to since.
            self.suspend_application_mode()
            self._must_signal_resume = True  # has everything drawn again
        self.resume_application_mode()

    @property
    def _in_charge(self) -> bool:
        """Whether the screen is up: not lent to another program, not being taken down."""
        return self._auto_restart and self._app._running
