"""The signals that end a run in good order."""

from __future__ import annotations

import os
import select
import signal

EXIT_CODES = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}
"""What a shell expects of a program that a signal ended: 128 and the signal's number."""


class Signals:
    """Signals as they arrive, for any thread to wait for.

    They come through a pipe that the interpreter writes to in the signal's own context: a handler in Python would run only
    once the main thread gets to it, and that may sleep, or hang in a write to a terminal that takes nothing.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def install(self) -> None:
        """Begin, in the main thread. Signals that whoever started the program wants ignored (nohup) stay ignored."""
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in EXIT_CODES:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: None)

    def next(self, seconds: float) -> signal.Signals | None:
        """The next one, or None if none arrives within `seconds`."""
        if select.select([self._read], [], [], seconds)[0]:
            number = os.read(self._read, 1)[0]
            if number in EXIT_CODES:
                return signal.Signals(number)
        return None
