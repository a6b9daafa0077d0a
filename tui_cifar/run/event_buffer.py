"""Events on their way from the thread that emits them to the one that shows them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from engine.events.types import BatchCompleted, Event, LossSampled, PreparationAdvanced


class EventBuffer:
    """Keeps events until they are taken, so that a slow screen never holds up the training.

    Of progress, reported several times a second, only the latest is kept. `wake` is called for everything rarer, in the
    thread that emits it.
    """

    def __init__(self) -> None:
        self.wake: Callable[[], object] = lambda: None
        self._events: deque[Event] = deque()
        self._progress: Event | None = None
        self._lock = threading.Lock()

    def put(self, event: Event) -> None:
        """Add an event."""
        with self._lock:
            if isinstance(event, (BatchCompleted, PreparationAdvanced)):
                self._progress = event
                return
            self._progress = None  # it came before this event
            self._events.append(event)
        if not isinstance(event, LossSampled):
            self.wake()

    def take(self) -> list[Event]:
        """All events since the last call, in order, the latest progress after them."""
        with self._lock:
            events = [*self._events, *([self._progress] if self._progress else [])]
            self._events.clear()
            self._progress = None
        return events
