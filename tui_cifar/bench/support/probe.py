"""`python -m tui_cifar.bench.support.probe FILE ARGUMENTS…`: `cifar-tui ARGUMENTS…`, with the lag of its event loop noted.

A task of the loop sleeps 10 ms again and again; how much later it wakes is the lag. Every second the file holds all so far,
as a JSON list of seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from tui_cifar.app.app import CifarApp
from tui_cifar.cli.main import main

NAP = 0.01


class Probe:
    """Measures the loop that it runs in."""

    def __init__(self, file: Path) -> None:
        self.file, self.lags = file, list[float]()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start measuring."""
        self._task = asyncio.get_running_loop().create_task(self._measure())

    async def _measure(self) -> None:
        written = time.monotonic()
        while True:
            slept = time.monotonic()
            await asyncio.sleep(NAP)
            now = time.monotonic()
            self.lags.append(max(0.0, now - slept - NAP))
            if now > written + 1:
                self.file.write_text(json.dumps(self.lags))
                written = now


def run(file: Path, arguments: list[str]) -> int:
    """Run the command with a probe in its loop."""
    CifarApp.when_drawn.append(Probe(file).begin)
    return main(arguments)


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
