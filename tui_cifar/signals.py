"""Exit codes of the signals that end a run in good order."""

from __future__ import annotations

import signal

EXIT_CODES = {signal.SIGHUP: 129, signal.SIGINT: 130, signal.SIGTERM: 143}
"""What a shell expects of a program that a signal ended: 128 and the signal's number."""
