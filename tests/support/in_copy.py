"""What runs inside a copy of the product with examples in it: `python -m tests.support.in_copy WHAT ARGUMENT`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from engine.events.log import read_events
from tests.support.app import make_app, screen_text, until
from tests.support.scripted import Script
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


def screens(keys: str) -> None:
    """Print the dashboard, in the theme of the examples, and the screens that keys lead to."""

    async def show() -> None:
        app = make_app(Script(epochs=3), theme="paper")
        async with app.run_test(size=(120, 50)) as pilot:
            await until(pilot, lambda: app.run_state.ended is not None)
            for key in ["1", *keys.split()]:
                await pilot.press(key)
                await pilot.pause(0.1)
                print(screen_text(app))
            print("theme", app.current_theme.name)

    asyncio.run(show())


if __name__ == "__main__":
    {"commands": commands, "log": log, "screens": screens}[sys.argv[1]](sys.argv[2])
