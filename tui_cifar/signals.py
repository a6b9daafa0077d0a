"""The signals that end a run in good order."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

EXIT_CODES = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}
"""What a shell expects of a program that a signal ended: 128 and the signal's number."""


def handle_signals(handler: Callable[[int, FrameType | None], object]) -> None:
    """Have `handler` called for each of them, but for those that whoever started the program wants ignored (nohup)."""
    for number in EXIT_CODES:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
