"""What libraries print and warn of: it goes to the log pane and to the run's `log.txt`, not to the screen."""

from __future__ import annotations

from pathlib import Path

from engine.events.types import RunStarted
from tui_cifar.app.run_controller import RunController
from tui_cifar.terminal.capture import Capture, printable


class Prints:
    """Passes on what is printed."""

    def __init__(self, controller: RunController) -> None:
        self._controller = controller
        self.capture: Capture | None = None
        """What libraries write past Python; None under a test."""

    def add(self, text: str, source: str) -> None:
        """What was printed by way of Python; `source` is "stdout" or "stderr"."""
        for line in text.splitlines():
            if line.strip():
                self._controller.log(source, printable(line))
                if self.capture is not None:
                    self.capture.write(line)

    def take(self) -> None:
        """Pass on what has been captured since the last call."""
        if self.capture is not None:
            for line in self.capture.lines():
                self._controller.log("stdout", line)

    def run_started(self, event: RunStarted) -> None:
        """Write to the run's own log from now on, if it runs in this process."""
        if self.capture is not None and self._controller.capabilities.hosted:
            self.capture.move(Path(event.directory) / "log.txt")
