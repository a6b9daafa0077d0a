"""The command line: finds the command and runs it. Nothing heavy is imported, so that `--help` answers at once."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence

from engine.errors import EngineError
from engine.options import nearest
from tui_cifar.cli.advice import advised
from tui_cifar.cli.arguments import usage_error
from tui_cifar.cli.commands.registry import COMMANDS


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; "train" if the first argument names none."""
    _open_standard_files()
    _name_temporary_folder()
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments.pop(0) if arguments and not arguments[0].startswith("-") else "train"
    if name not in COMMANDS:
        usage_error(f"unknown command {name!r}{nearest(name, COMMANDS)} See 'cifar-tui --help'.")
    try:
        code: int = COMMANDS[name].load()(arguments)
        return code
    except EngineError as e:
        usage_error(advised(e))
    except OSError as e:
        if e.filename is None:
            raise
        usage_error(f"{e.filename}: {e.strerror or e}.")
    except KeyboardInterrupt:  # before there was a run to stop
        return 130


def _open_standard_files() -> None:
    """Open /dev/null in place of standard files that are closed; the next file opened would otherwise get the output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115 - open until the process ends


def _name_temporary_folder() -> None:
    """Name a temporary folder even if none is writable: PyTorch asks for the name, and writes nothing there.

    Whoever does write gets an error that names the folder.
    """
    try:
        tempfile.gettempdir()
    except OSError:
        tempfile.tempdir = os.environ.get("TMPDIR") or "/tmp"
