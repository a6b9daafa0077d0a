"""What ctrl+c does before a command has taken it over, and what commands do with it that have something to clean up."""

from __future__ import annotations

import os
import signal


def exit_on_interrupt() -> None:
    """Have SIGINT end the process with 130, unless it is to be ignored (nohup, &).

    A handler that exits, not a KeyboardInterrupt: raised in the middle of an import, that can be swallowed and reported.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end_process)


def raise_on_interrupt() -> None:
    """Have SIGINT raise a KeyboardInterrupt again, for a command with files or processes to clean up."""
    if signal.getsignal(signal.SIGINT) is _end_process:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end_process(*_: object) -> None:
    os._exit(130)
