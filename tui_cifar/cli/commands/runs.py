"""`cifar-tui runs`: the runs in a directory, one line each."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.cells import cell_len, set_cell_size

from engine.remote.liveness import State
from engine.remote.summary import RunScanner, RunSummary
from tui_cifar.cli.arguments import Parser
from tui_cifar.cli.options import add_runs_dir
from tui_cifar.render.text.format import countdown, duration
from tui_cifar.terminal.capture import printable

MAX_NAME = 40
"""Cells that the name of a run or of a dataset may take."""


def run(arguments: list[str]) -> int:
    """Print the runs, newest first."""
    parser = Parser("cifar-tui runs", description="List the runs in a directory, newest first.")
    add_runs_dir(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per run, nothing else")
    options = parser.parse_args(arguments)
    summaries = RunScanner(Path(options.runs_dir)).scan()
    if options.json:
        for summary in summaries:
            sys.stdout.write(json.dumps(as_json(summary)) + "\n")
    elif summaries:
        sys.stdout.write("\n".join(table(summaries, time.time())) + "\n")
    else:
        sys.stdout.write(f"no runs in {printable(options.runs_dir)}\n")
    return 0


def as_json(summary: RunSummary) -> dict[str, Any]:
    """A summary as plain values; its keys are the fields of `RunSummary`, and `name`."""
    values = dataclasses.asdict(summary)
    return {"name": summary.name, **values, "path": str(summary.path), "state": str(summary.state)}


def table(summaries: list[RunSummary], now: float) -> list[str]:
    """Lines of text under a head, columns measured in terminal cells.

    Args:
        summaries: in the order in which they are listed.
        now: in Unix seconds.
    """
    rows = [[column(summary, now) for column in COLUMNS.values()] for summary in summaries]
    cells = [list(COLUMNS), *rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = [
            " " * (width - cell_len(cell)) + cell if name in _RIGHT else cell + " " * (width - cell_len(cell))
            for name, cell, width in zip(COLUMNS, row, widths, strict=True)
        ]
        lines.append("  ".join(padded).rstrip())
    return lines


def _text(value: str) -> str:
    value = printable(value).replace("\n", " ") or "-"
    return value if cell_len(value) <= MAX_NAME else set_cell_size(value, MAX_NAME - 1) + "…"


def _state(summary: RunSummary, now: float) -> str:
    if summary.state is State.UNKNOWN and summary.last_word is not None:
        return f"no word for {duration(max(0.0, now - summary.last_word))}"
    return str(summary.state)


def _epoch(summary: RunSummary, _: float) -> str:
    return f"{summary.epoch}/{summary.epochs}" if summary.epochs else "-"


def _best(summary: RunSummary, _: float) -> str:
    if summary.best_accuracy is None:
        return "-"
    return f"{summary.best_accuracy:.1%} ({summary.best_epoch})"


def _test(summary: RunSummary, _: float) -> str:
    return "-" if summary.test_accuracy is None else f"{summary.test_accuracy:.1%}"


def _time(summary: RunSummary, _: float) -> str:
    if summary.seconds_left is not None:
        return f"{countdown(summary.seconds_left)} left"
    return "-" if summary.seconds is None else countdown(summary.seconds)


def _age(summary: RunSummary, now: float) -> str:
    age = summary.age(now)
    if age is None:
        return "-"
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if age >= seconds:
            return f"{age / seconds:.0f} {unit}"
    return f"{age:.0f} s"


COLUMNS: dict[str, Callable[[RunSummary, float], str]] = {
    "state": _state,
    "name": lambda summary, _: _text(summary.name),
    "recipe": lambda summary, _: _text(summary.recipe),
    "dataset": lambda summary, _: _text(Path(summary.dataset).name),
    "network": lambda summary, _: _text(summary.network),
    "epoch": _epoch,
    "validation (epoch)": _best,
    "test": _test,
    "time": _time,
    "age": _age,
    "device": lambda summary, _: _text(summary.device),
}
"""The columns: what each shows of a run at a moment."""
_RIGHT = ("epoch", "validation (epoch)", "test", "time", "age")
