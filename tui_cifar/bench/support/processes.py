"""Measurements that run in processes of their own, and the options that they share."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from typing import Any

from tui_cifar.cli.arguments import Parser, usage_error


def command(*arguments: str) -> list[str]:
    """`cifar-tui` of this very installation, with arguments."""
    return [sys.executable, "-m", "tui_cifar", *arguments]


def measure(module: str, *arguments: str) -> dict[str, Any]:
    """The JSON object that `python -m module arguments` prints last.

    A process that fails, or that prints an "error", ends the benchmark with its message.
    """
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    try:
        result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1].removeprefix("engine.errors.")
        usage_error(f"{module} ended with {done.returncode} and said: {last}")
    if "error" in result:
        usage_error(str(result["error"]))
    return result


def data_options(parser: Parser) -> None:
    """Add the options of every benchmark that trains."""
    parser.add_argument(
        "--dataset", default="shapes", metavar="TEXT", help="as for training (default: shapes, built in)"
    )
    parser.add_argument("--runs-dir", default="runs", metavar="DIR", help="where decoded images are kept")
    parser.add_argument("--device", default="auto", metavar="TEXT", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="CPU threads, 0 to measure")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def data_arguments(options: Namespace) -> list[str]:
    """What `data_options` read, as arguments for another process."""
    names = ("dataset", "runs_dir", "device", "threads")
    return [f"--{name.replace('_', '-')}={getattr(options, name)}" for name in names]


def terminal_options(parser: Parser) -> None:
    """Add the options of every benchmark that starts the dashboard."""
    parser.add_argument("--dataset", default="shapes", help="what to train on [shapes]")
    parser.add_argument("--size", type=size, default=(120, 40), help="columns and rows of the terminal [120x40]")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def size(text: str) -> tuple[int, int]:
    """Columns and rows of a terminal, from "120x40"."""
    columns, _, rows = text.partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and int(columns) and int(rows)):
        usage_error(f"--size: {text!r} is no size; give columns and rows, as in 120x40.")
    return int(columns), int(rows)
