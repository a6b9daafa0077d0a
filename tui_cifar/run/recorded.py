"""A run that has ended, from what its run directory holds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from engine.events.buffer import EventBuffer
from engine.events.commands import Command, InspectImage
from engine.events.log import read_events
from engine.events.types import Event, RunEnded, RunFailed, RunStarted, RunStopped
from tui_cifar.run.best_weights import BestWeights
from tui_cifar.run.client import Capabilities


class RecordedRun:
    """A `RunClient` that replays a run's `events.jsonl`, and inspects images with its best weights."""

    def __init__(self, path: Path) -> None:
        self.path, self.resumed = path, None
        self._buffer = EventBuffer()
        self._best_weights = BestWeights(self._buffer.put)
        self._thread = threading.Thread(target=self._read, name="reader", daemon=True)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(inspect=True)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self, wake: Callable[[], object]) -> None:
        self._buffer.wake = wake
        self._thread.start()

    def events(self) -> list[Event]:
        return self._buffer.take()

    def send(self, command: Command) -> None:
        if isinstance(command, InspectImage):
            self._best_weights.inspect(self.path, command)

    def join(self, seconds: float | None = None) -> bool:
        if self._thread.ident is None:  # never started
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def close(self, reason: str) -> None:
        pass

    def _read(self) -> None:
        try:
            for event in recorded_events(self.path):
                self._buffer.put(event)
        except OSError as e:
            message = f"{self.path}: {e.strerror or e}"
            self._buffer.put(RunFailed(title="The run can't be read", message=message, kind="run_directory"))


def recorded_events(run: Path) -> Iterator[Event]:
    """What the event log of a run holds. The run is where it lies now, and one that was cut off is ended.

    Raises:
        OSError: the log can't be read.
    """
    started: RunStarted | None = None
    ended: RunEnded | None = None
    epoch = 0
    for event in read_events(run / "events.jsonl", thinned=True):
        if isinstance(event, RunStarted):
            event = started = replace(event, directory=str(run))
            ended = None
        elif isinstance(event, RunEnded):
            ended = event
        epoch = getattr(event, "epoch", None) or epoch
        yield event
    if started is not None and ended is None:
        yield RunStopped(epoch=epoch, step=0, reason="its end was not recorded", saved=None, directory=str(run))
