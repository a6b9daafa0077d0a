"""Control: how the outside steers a run. Every loop of the engine polls it once per batch."""

from __future__ import annotations

import threading
from collections import deque

from engine.errors import Cancelled
from engine.events.commands import Command, Evaluate, InspectImage, Pause, Resume, Save, Stop

MAX_INSPECTIONS = 8
"""Images that may wait to be inspected; where more are asked about, the oldest are dropped."""


class Control:
    """Takes commands, from any thread, and keeps them until the run polls for them at its next batch."""

    def __init__(self) -> None:
        self._running = threading.Event()
        self._running.set()
        self._stop = threading.Event()
        self._save = threading.Event()
        self._evaluate = threading.Event()
        self._inspections: deque[InspectImage] = deque(maxlen=MAX_INSPECTIONS)
        self._save_on_stop = True
        self.stop_reason = ""
        self.steered_by = ""
        """Who sent the last `Pause`, `Resume` or `Stop`: the name of a watcher, or "" for the process that trains."""

    def send(self, command: Command, *, by: str = "") -> None:
        """Have the run carry out a command at its next batch; from any thread. `by` is the watcher who sent it, if one did."""
        if isinstance(command, Pause | Resume | Stop):
            self.steered_by = by
        match command:
            case Pause():
                self._running.clear()
            case Resume():
                self._running.set()
            case Save():
                self._save.set()
            case Evaluate():
                self._evaluate.set()
            case Stop():
                self._save_on_stop = command.save
                self.stop_reason = command.reason
                self._stop.set()
                self._running.set()
            case InspectImage():
                self._inspections.append(command)
            case _:
                raise TypeError(f"not a command: {command!r}")

    # -- polled by the run ----------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether the run shall hold."""
        return not self._running.is_set()

    @property
    def stopping(self) -> bool:
        """Whether the run shall end."""
        return self._stop.is_set()

    @property
    def save_on_stop(self) -> bool:
        """Whether the stop that was asked for wants a checkpoint."""
        return self._save_on_stop

    def take_save(self) -> bool:
        """True once for each request to save."""
        return _take(self._save)

    def take_evaluate(self) -> bool:
        """True once for each request to evaluate."""
        return _take(self._evaluate)

    def take_inspections(self) -> list[InspectImage]:
        """The images asked about since the last call, oldest first."""
        taken = []
        while self._inspections:
            taken.append(self._inspections.popleft())
        return taken

    def raise_if_stopping(self) -> None:
        """Poll point of loops that have nothing to save.

        Raises:
            Cancelled: a stop was asked for.
        """
        if self._stop.is_set():
            raise Cancelled

    def wait_while_paused(self, seconds: float) -> bool:
        """Wait at most `seconds` for the end of a pause; True while the run is still paused."""
        return not self._running.wait(seconds)


def _take(requested: threading.Event) -> bool:
    """Whether it is set; clears it."""
    taken = requested.is_set()
    if taken:
        requested.clear()
    return taken
