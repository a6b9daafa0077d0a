"""What runs inside a copy of the product with examples in it: `python -m tests.support.in_copy WHAT ARGUMENT`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from engine.events.log import read_events
from tui_cifar.cli.main import main
from tui_cifar.run.state import RunState


def commands(given: str) -> None:
    """Run commands, each a list of arguments, in this process: PyTorch is imported once."""
    for arguments in json.loads(given):
        assert main(arguments) == 0, arguments


def log(run: str) -> None:
    """Print what the screen Log shows of a run."""
    state = RunState()
    for event in read_events(Path(run) / "events.jsonl"):
        state.apply(event)
    for _, text in state.lines:
        print(text)


if __name__ == "__main__":
    {"commands": commands, "log": log}[sys.argv[1]](sys.argv[2])
