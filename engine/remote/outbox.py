"""The events that the training thread has published and the server has not sent yet: all that the two threads share."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.events.types import BatchCompleted, Event, PreparationAdvanced, RunEnded
from engine.remote.wire import Published

MAX_UNRECORDED = 1000
"""While events can't be written to the log, at most this many are kept for new clients, the newest."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What to send to the connected clients."""

    events: list[Published]
    progress: Event | None
    """The latest progress, if it came after those events."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a new client must know before the first event that it receives."""

    offset: int
    """Length of the log that holds all earlier events, in bytes."""
    unrecorded: tuple[Event, ...]
    """Earlier events that could not be written to the log so far."""


class Outbox:
    """A queue of events from the training thread to the server.

    Args:
        log: the run's `events.jsonl`. An event is written there before it is put into the queue.
        unrecorded: earlier events that could not be written.
    """

    def __init__(self, log: Path, unrecorded: Iterable[Event] = ()) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._watched = False
        self._ended = False
        self._events: list[Published] = []
        self._progress: Event | None = None
        self._recorded = self._log_size(0)
        self._unrecorded = deque(unrecorded, MAX_UNRECORDED)

    @property
    def ended(self) -> bool:
        """Whether the run's terminal event was put in."""
        return self._ended

    def put(self, event: Event) -> bool:
        """Add an event, unless there are no clients. Returns whether there are any."""
        if isinstance(event, BatchCompleted | PreparationAdvanced):
            self._progress = event
            return self._watched
        with self._lock:
            self._progress = None  # it is outdated by this event
            self._ended = self._ended or isinstance(event, RunEnded)
            published = Published(event, None if event.live else self._record(event))
            if self._watched:
                self._events.append(published)
            return self._watched

    def take(self) -> Taken:
        """Remove and return everything since the last call."""
        with self._lock:
            return self._take()

    def join(self) -> tuple[Taken, Welcome]:
        """Let a client join: returns everything since the last call, for the other clients, and what the new one must know."""
        with self._lock:
            self._watched = True
            return self._take(), Welcome(self._recorded, tuple(self._unrecorded))

    def leave(self) -> None:
        """The last client has left."""
        with self._lock:
            self._watched = False
            self._events = []

    def _take(self) -> Taken:
        events, self._events = self._events, []
        return Taken(events, self._progress)

    def _record(self, event: Event) -> tuple[int, int]:
        """The part of the log that was written with the event."""
        start, end = self._recorded, self._log_size(self._recorded)
        if end > start:
            self._unrecorded.clear()  # the log writes all pending events together
        else:
            self._unrecorded.append(event)
        self._recorded = end
        return min(start, end), end

    def _log_size(self, otherwise: int) -> int:
        try:
            return self._log.stat().st_size
        except OSError:  # it does not exist yet, or was moved
            return otherwise
