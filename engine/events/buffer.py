"""A buffer of events between the thread that receives them and the one that shows them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.events.types import BatchCompleted, Event, LossSampled, PreparationAdvanced


class EventBuffer:
    """Holds events until they are taken; of progress, only the latest.

    Args:
        wake: called when an event should be shown before the next poll, once per `take`, in the thread that put it.
    """

    def __init__(self, wake: Callable[[], object] = lambda: None) -> None:
        self.wake = wake
        self._woken = False
        self._events: list[Event] = []
        self._progress: Event | None = None
        self._lock = threading.Lock()

    def put(self, event: Event) -> None:
        """Add an event."""
        with self._lock:
            if isinstance(event, BatchCompleted | PreparationAdvanced):
                self._progress = event
                return
            self._progress = None  # it is outdated by this event
            self._events.append(event)
            if self._woken or isinstance(event, LossSampled):
                return
            self._woken = True
        self.wake()

    def take(self) -> list[Event]:
        """All events since the last call, in order, the latest progress after them."""
        with self._lock:
            events, self._events = self._events, []
            if self._progress is not None:
                events.append(self._progress)
            self._progress, self._woken = None, False
        return events
