"""A watchdog thread for the dashboard: it handles signals, a terminal that goes away, and a screen that hangs.

Signal handlers of the screen's event loop would not do, because that loop may itself hang in a write to the terminal.
"""

from __future__ import annotations

import os
import select
import signal
import termios
import threading
import time
from collections.abc import Callable
from typing import Any

from tui_cifar.run.client import RunClient
from tui_cifar.terminal.capture import TerminalFile
from tui_cifar.terminal.signals import EXIT_CODES, Signals

POLL_SECONDS = 0.25
"""How often the terminal is checked."""
CLOSE_SECONDS = 10.0
"""How long the screen may take to close once the run has ended."""
CLOSE_NOW_SECONDS = 3.0
"""The same after a second signal."""

_RESET = b"\x1b[<u\x1b[?2004l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?1049l\x1b[?25h\x1b[0m"
"""Restores keyboard, paste and mouse modes, turns focus reports off, leaves the alternate screen, shows the cursor."""


class Guard:
    """Stops the run on the first signal, or if so wanted when the terminal goes away, and closes the screen at once on the second signal.

    Args:
        client: returns the run that is shown.
        wake: makes the screen look at `code`, `at_once` and `detached`; called from the guard's thread.
        terminal: where the screen is drawn.
        keep_going: if the terminal goes away, let the run continue without a screen.
    """

    def __init__(
        self, client: Callable[[], RunClient], wake: Callable[[], object], terminal: TerminalFile, *, keep_going: bool
    ) -> None:
        self.code: int | None = None
        """The exit code for the signal that arrived, if one did."""
        self.reason = ""
        """What ended the run: the name of the signal, or that the terminal went away."""
        self.at_once = False
        """Whether to close the screen without waiting for the run."""
        self.detached = False
        """Whether the run continues without the terminal."""
        self.left = threading.Event()
        """To be set by whoever runs the screen, once it is closed."""
        self._client, self._wake, self._terminal, self._keep_going = client, wake, terminal, keep_going
        self._signals = Signals()
        self._ended = threading.Event()
        self._silenced = False
        self._hangup_due = False
        """Whether the terminal was found gone, and the SIGHUP for it may still arrive."""
        self._deadline: float | None = None
        try:
            self._before: list[Any] | None = termios.tcgetattr(0)
        except termios.error:
            self._before = None

    def start(self) -> None:
        """Take over the signals and start the thread. To be called in the main thread."""
        self._signals.install()
        threading.Thread(target=self._watch, name="guard", daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.is_set():
            number = self._signals.next(POLL_SECONDS)
            if number is not None:
                self._handle(number)
            if not self._silenced and not self.left.is_set() and self._gone():
                self._silenced = True
                _silence_input()
                if self.code is None:
                    self._hangup_due = True
                    self._hang_up("the terminal went away")
            self._enforce()

    def _handle(self, number: signal.Signals) -> None:
        if number == signal.SIGHUP and self._hangup_due:
            self._hangup_due = False  # not a second request to end, but the first again
        elif number == signal.SIGHUP and self._keep_going and self.code is None:
            self._hang_up("SIGHUP")
        elif self.code is None:
            self._stop(number.name, EXIT_CODES[number])
        else:
            self.code, self.at_once = EXIT_CODES[number], True
            if self.left.is_set():
                os._exit(self.code)
            self._deadline = time.monotonic() + CLOSE_NOW_SECONDS
            self._wake()

    def _hang_up(self, reason: str) -> None:
        if not self._keep_going:
            self._stop(reason, EXIT_CODES[signal.SIGHUP])
        elif not self.detached:
            self.detached = True
            self._deadline = time.monotonic() + CLOSE_SECONDS
            self._wake()

    def _stop(self, reason: str, code: int) -> None:
        self.code, self.reason = code, reason
        self._client().close(reason)
        self._wake()

    def _gone(self) -> bool:
        """Whether the terminal is gone: its window was closed, or the connection to it was lost."""
        poll = select.poll()
        poll.register(0, select.POLLHUP)
        try:
            return self._terminal.broken or any(e & (select.POLLHUP | select.POLLERR) for _, e in poll.poll(0))
        except OSError:
            return True

    def _enforce(self) -> None:
        """End the process if the screen does not close in time, because it hangs or never came up."""
        if self.left.is_set() or (self.code is None and not self.detached):
            self._deadline = None
            return
        if self._deadline is None and not self._client().alive:
            self._deadline = time.monotonic() + CLOSE_SECONDS
        if self._deadline is None or time.monotonic() < self._deadline:
            return
        if self.detached and self.code is None:  # the run matters more than a hanging screen
            self._client().join()
        self._restore()
        os._exit(self.code or 0)

    def _restore(self) -> None:
        """Restore the terminal, as far as that is possible without waiting for it."""
        try:
            if self._before is not None:
                termios.tcsetattr(0, termios.TCSANOW, self._before)
            if select.select([], [self._terminal.descriptor], [], 0)[1]:
                os.write(self._terminal.descriptor, _RESET)
        except (OSError, ValueError, termios.error):
            pass  # it is gone


def _silence_input() -> None:
    """Replace standard input, a terminal that was hung up, with a pipe that stays open.

    Textual's input thread would otherwise read the end of the file over and over. If it is just about to read, it would now
    block for ever, and the screen with it: the pipe holds one key without a meaning for that case.
    """
    read_end, write_end = os.pipe()
    os.write(write_end, b"\0")
    os.dup2(read_end, 0)
