"""The way of a run's events: to `events.jsonl`, and to the listener."""

from __future__ import annotations

import threading
import traceback
import warnings
from collections.abc import Callable

from engine.events.types import Event, LineLogged
from engine.storage.run_directory import RunDirectory
from engine.training.hooks import Hook

Listener = Callable[[Event], None]
"""Receives every event of a run, in order, from several threads but never from two at once. It may not block."""


class EventWriter:
    """Emits events. Neither a disk that refuses them nor a listener that raises stops the run.

    Args:
        listener: receives every event.
        hook: called before an event is written.
    """

    def __init__(self, listener: Listener, hook: Hook) -> None:
        self._listener, self._hook = listener, hook
        self._lock = threading.RLock()
        self._directory: RunDirectory | None = None
        self._early: list[Event] = []
        self._refused = False

    def emit(self, event: Event) -> None:
        """Write an event, unless it is a live one, and hand it to the listener. May be called from any thread."""
        with self._lock:
            if not event.live:
                if self._directory is None:
                    self._early.append(event)
                else:
                    self._write(event, self._directory)
            self._tell(event)

    def log(self, text: str) -> None:
        """Emit a line for the log."""
        self.emit(LineLogged(source="engine", text=text))

    def open(self, directory: RunDirectory) -> None:
        """Write the events so far to a run directory, and all later ones."""
        with self._lock:
            self._directory = directory
            for event in self._early:
                self._write(event, directory)
            self._early.clear()

    def close(self) -> None:
        """Write no more events."""
        with self._lock:
            self._directory = None

    def _write(self, event: Event, directory: RunDirectory) -> None:
        """Append to `events.jsonl`. A refusal is reported once, until writing works again."""
        try:
            self._hook.before_event(event)
            directory.append(event)
        except (OSError, ValueError) as e:
            if not self._refused:
                reason = getattr(e, "strerror", None) or str(e)
                self._tell(LineLogged(source="engine", text=f"events.jsonl: not written: {reason}"))
            self._refused = True
        else:
            self._refused = False

    def _tell(self, event: Event) -> None:
        try:
            self._listener(event)
        except Exception:
            warnings.warn(f"a listener failed:\n{traceback.format_exc()}", stacklevel=2)
