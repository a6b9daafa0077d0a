"""The signals on which a run is stopped and saved."""

from __future__ import annotations

import os
import select
import signal

EXIT_CODES = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}
"""128 plus the number of the signal, as shells expect."""


class Signals:
    """Lets any thread wait for signals.

    They arrive through a pipe that the interpreter writes to from the signal handler in C. A handler in Python would only run
    when the main thread gets to it, which may be asleep, or hang in a write to the terminal.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def install(self) -> None:
        """Start receiving signals; to be called in the main thread. A signal that is ignored (nohup) stays ignored."""
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in EXIT_CODES:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: None)

    def next(self, seconds: float) -> signal.Signals | None:
        """The next signal, or None if none arrives within `seconds`."""
        if select.select([self._read], [], [], seconds)[0]:
            number = os.read(self._read, 1)[0]
            if number in EXIT_CODES:
                return signal.Signals(number)
        return None
