"""Watches over the dashboard from a thread of its own: signals, a terminal that goes away, a screen that no longer answers.

Handlers of the screen's own event loop would not do: it can hang in a write to a terminal that takes nothing.
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

from engine.events.commands import Resume
from tui_cifar.run.client import RunClient
from tui_cifar.terminal.capture import TerminalFile
from tui_cifar.terminal.signals import EXIT_CODES, Signals

LOOK_SECONDS = 0.25
"""How often the terminal is looked at."""
PATIENCE_SECONDS = 10.0
"""How long the screen may take to leave once the run has ended."""
LEAVE_SECONDS = 3.0
"""The same after a second signal."""

_LEAVE = b"\x1b[<u\x1b[?2004l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l\x1b[?1049l\x1b[?25h\x1b[0m"
"""Keyboard, paste and mouse as before, focus reports off, alternate screen left, cursor on, colours plain."""


class Guard:
    """Stops the run on the first signal, or when the terminal goes away; has the screen leave at once on the second.

    Args:
        client: gives the run that is shown.
        wake: has the screen look at `code`, `at_once` and `detached`.
        terminal: what the screen is drawn on.
        keep_going: train on, without a screen, where the terminal goes away.
    """

    def __init__(
        self, client: Callable[[], RunClient], wake: Callable[[], object], terminal: TerminalFile, *, keep_going: bool
    ) -> None:
        self.code: int | None = None
        """The exit code that a signal asks for, once one came."""
        self.reason = ""
        self.at_once = False
        """Whether not to wait for the run."""
        self.detached = False
        """Whether the run goes on without the terminal."""
        self.left = threading.Event()
        """Set by whoever runs the screen, once it is gone."""
        self._client, self._wake, self._terminal, self._keep_going = client, wake, terminal, keep_going
        self._signals = Signals()
        self._ended = threading.Event()
        self._silenced = False
        self._hangup_due = False
        """Whether the terminal was seen to be gone, and the signal that tells of it may still come."""
        self._deadline: float | None = None
        try:
            self._before: list[Any] | None = termios.tcgetattr(0)
        except termios.error:
            self._before = None

    def start(self) -> None:
        """Take over the signals and begin to watch. Call it in the main thread."""
        self._signals.install()
        threading.Thread(target=self._watch, name="guard", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.is_set():
            number = self._signals.next(LOOK_SECONDS)
            if number is not None:
                self._signal(number)
            if not self._silenced and not self.left.is_set() and self._gone():
                self._silenced = True
                _silence_input()
                if self.code is None:
                    self._hangup_due = True
                    self._vanished("the terminal went away")
            self._insist()

    def _signal(self, number: signal.Signals) -> None:
        if number == signal.SIGHUP and self._hangup_due:
            self._hangup_due = False  # no second wish to end: it is the first one, told twice
        elif number == signal.SIGHUP and self._keep_going and self.code is None:
            self._vanished("SIGHUP")
        elif self.code is None:
            self._stop(number.name, EXIT_CODES[number])
        else:
            self.code, self.at_once = EXIT_CODES[number], True
            if self.left.is_set():
                os._exit(self.code)
            self._deadline = time.monotonic() + LEAVE_SECONDS
            self._wake()

    def _vanished(self, reason: str) -> None:
        if not self._keep_going:
            self._stop(reason, EXIT_CODES[signal.SIGHUP])
        elif not self.detached:
            self.detached = True
            if self._client().capabilities.hosted:
                self._client().send(Resume())  # nobody is left to end a pause
            self._deadline = time.monotonic() + PATIENCE_SECONDS
            self._wake()

    def _stop(self, reason: str, code: int) -> None:
        self.code, self.reason = code, reason
        self._client().close(reason)
        self._wake()

    def _gone(self) -> bool:
        """Whether the terminal was hung up: by its window, or by the line to it."""
        poll = select.poll()
        poll.register(0, select.POLLHUP)
        try:
            return self._terminal.broken or any(e & (select.POLLHUP | select.POLLERR) for _, e in poll.poll(0))
        except OSError:
            return True

    def _insist(self) -> None:
        """End the process where the screen does not leave: it hangs, or was never there."""
        if self.left.is_set() or (self.code is None and not self.detached):
            self._deadline = None
            return
        if self._deadline is None and not self._client().alive:
            self._deadline = time.monotonic() + PATIENCE_SECONDS
        if self._deadline is None or time.monotonic() < self._deadline:
            return
        if self.detached and self.code is None:  # the run matters more than a screen that hangs
            self._client().join()
        self._restore()
        os._exit(self.code or 0)

    def _restore(self) -> None:
        """Give the terminal back as it was, as far as that does not mean waiting for it."""
        try:
            if self._before is not None:
                termios.tcsetattr(0, termios.TCSANOW, self._before)
            if select.select([], [self._terminal.descriptor], [], 0)[1]:
                os.write(self._terminal.descriptor, _LEAVE)
        except (OSError, ValueError, termios.error):
            pass  # it is not there any more


def _silence_input() -> None:
    """Put something that has nothing to read in the place of a terminal that was hung up.

    Textual's input thread would otherwise read its end over and over. Where that thread has already been told of the end and
    is about to read, it would now wait for ever, and the screen for it: a key that means nothing is there for that.
    """
    silent, open_end = os.pipe()
    os.write(open_end, b"\0")
    os.dup2(silent, 0)
