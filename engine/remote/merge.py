"""One sequence of events from two sources: the event log and the control socket."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.events.types import Event
from engine.remote.follow import LogFollower
from engine.remote.wire import Published


class EventMerger:
    """Passes on every event once and in order, whichever source it comes from.

    Args:
        log: the run's `events.jsonl`.
        put: receives the events.
    """

    def __init__(self, log: Path, put: Callable[[Event], object]) -> None:
        self._follower = LogFollower(log)
        self._put = put
        self._unrecorded: list[Event] = []
        """Events from the socket that are not in the log yet."""
        self._recorded = 0
        """Length of the log as of the last event from the socket."""

    def read_log(self, end: int | None = None) -> None:
        """Pass on the new events in the log, up to an offset.

        Raises:
            OSError: the log can't be read.
        """
        for event in self._follower.read(end):
            if event in self._unrecorded:
                self._unrecorded.remove(event)
            else:
                self._put(event)

    def connected(self, offset: int) -> None:
        """Call after connecting: pass on the events before `offset`, those after it will come from the socket."""
        self._recorded = offset
        self._read_to(offset)

    def received(self, published: Published) -> None:
        """Pass on an event from the socket."""
        event = published.event
        if published.log is None:
            self._put(event)
            return
        start, end = published.log
        if start < self._recorded:  # the log was truncated
            self._follower.skip_to(start)
        self._recorded = end
        if start == end:
            # What was pending at `end` is part of whatever was written there later: if that was read, so was the event.
            if event not in self._unrecorded and end >= self._follower.position:
                self._unrecorded.append(event)
                self._put(event)
        elif end > self._follower.position:  # else it was already read from the log
            self._read_to(start)
            self._unrecorded.clear()
            self._put(event)
            self._follower.skip_to(end)

    def _read_to(self, offset: int) -> None:
        try:
            self.read_log(offset)
        except OSError:
            pass  # later events still come from the socket
        if offset > self._follower.position:
            self._follower.skip_to(offset)
