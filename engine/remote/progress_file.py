"""`progress.json`: the progress of a run, for watchers that can't connect to it. Replaced every few seconds, as a heartbeat."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from engine.events.codec import from_json, to_json
from engine.events.types import BatchCompleted, Event, PreparationAdvanced, RunPaused, RunResumed
from engine.remote.small_files import is_time, read_object, replace_file

NAME = "progress.json"
VERSION = 1
SECONDS = 3.0
"""Time between two writes."""
MAX_BYTES = 16384


@dataclass(frozen=True, slots=True)
class Progress:
    """The content of the file."""

    time: float
    """When it was written, in Unix seconds."""
    paused: bool
    event: Event | None
    """The latest `BatchCompleted` or `PreparationAdvanced`; None if another event has come since."""


def read_progress(directory: Path) -> Progress | None:
    """The progress of a run; None if there is no file, or it is invalid or of another version."""
    raw = read_object(directory / NAME, MAX_BYTES)
    if raw is None or raw.get("version") != VERSION or not is_time(raw.get("time")):
        return None
    event: Event | None = None
    if raw.get("progress") is not None:
        try:
            event = from_json(json.dumps(raw["progress"]))
        except ValueError:
            return None
        if not isinstance(event, BatchCompleted | PreparationAdvanced):
            return None
    return Progress(float(raw["time"]), raw.get("paused") is True, event)


class ProgressWriter:
    """Writes the file, in a thread of its own so that a disk that hangs does not stop the training."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._event: Event | None = None
        self._paused = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._write_regularly, name="progress-file", daemon=True)
        self._thread.start()

    def note(self, event: Event) -> None:
        """Take an event into account."""
        if isinstance(event, BatchCompleted | PreparationAdvanced):
            self._event = event
        elif not event.live:
            self._event = None
            self._paused = isinstance(event, RunPaused) or (self._paused and not isinstance(event, RunResumed))

    def close(self) -> None:
        """Stop writing and remove the file."""
        self._closed.set()
        self._thread.join(1)
        if not self._thread.is_alive():
            try:
                (self._directory / NAME).unlink()
            except OSError:
                pass  # it was never written, or the directory was moved

    def _write_regularly(self) -> None:
        while True:
            event = self._event
            progress = None if event is None else json.loads(to_json(event))
            content = {"version": VERSION, "time": time.time(), "paused": self._paused, "progress": progress}
            try:
                replace_file(self._directory / NAME, content)
            except OSError:
                pass  # try again the next time
            if self._closed.wait(SECONDS):
                return
