"""The argument parser of all commands, and what a mistake in their arguments leads to."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

from engine.options import nearest

FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")


class FlagGroup(Protocol):
    """A parser, or a group of flags in one."""

    def add_argument(self, *flags: str, **options: Any) -> Any: ...


class Parser(argparse.ArgumentParser):
    """Reports a mistake in one line with exit code 2, and names the nearest flag for one that does not exist."""

    def __init__(self, prog: str, **options: Any) -> None:
        options.setdefault(
            "formatter_class", lambda prog: argparse.HelpFormatter(prog, max_help_position=30, width=_help_width())
        )
        super().__init__(prog, allow_abbrev=False, **options)

    def parse_args(self, args: Sequence[str] | None = None, _: None = None) -> argparse.Namespace:  # type: ignore[override]
        options, unknown = self.parse_known_args(args)
        flags = [word for word in unknown if word.startswith("-")]
        if flags:
            word = flags[0].partition("=")[0]
            usage_error(f"unknown option {word!r}{nearest(word, self.flags())} See '{self.prog} --help'.")
        if unknown:
            usage_error(f"unexpected argument {unknown[0]!r}. See '{self.prog} --help'.")
        return options

    def flags(self) -> list[str]:
        """All flags that start with two dashes, as `--help` lists them."""
        return FLAG.findall(self.format_help())

    def error(self, message: str) -> NoReturn:
        usage_error(message)


def _help_width() -> int:
    return max(60, min(110, shutil.get_terminal_size().columns - 1))


def usage_error(message: str) -> NoReturn:
    """One line to standard error; exit code 2."""
    sys.stderr.write(f"cifar-tui: {message}\n")
    raise SystemExit(2)
