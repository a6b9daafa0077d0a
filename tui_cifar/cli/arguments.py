"""What the commands share in reading their arguments."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Complain in the words of argparse."""
        usage_error(message)


def usage_error(message: str) -> NoReturn:
    """One line to standard error; exit code 2."""
    sys.stderr.write(f"cifar-tui: {message}\n")
    raise SystemExit(2)
