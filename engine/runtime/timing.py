"""Time spent working: a monotonic clock that stands still while the run is paused."""

from __future__ import annotations

import time
from collections import deque


class Stopwatch:
    """Seconds since it was made, pauses left out. `already` seconds count as spent before."""

    def __init__(self, already: float = 0.0) -> None:
        self._start = time.monotonic() - already
        self._paused_at: float | None = None

    def pause(self) -> None:
        """Stand still."""
        self._paused_at = self._paused_at or time.monotonic()

    def resume(self) -> float:
        """Go on; returns the seconds of the pause."""
        if self._paused_at is None:
            return 0.0
        paused = time.monotonic() - self._paused_at
        self._start += paused
        self._paused_at = None
        return paused

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self._paused_at is not None

    @property
    def seconds(self) -> float:
        """Working seconds so far."""
        return (self._paused_at or time.monotonic()) - self._start


class Rate:
    """Things a second over the last few seconds."""

    def __init__(self, window: float = 3.0) -> None:
        self._window = window
        self._marks: deque[tuple[float, float]] = deque()

    def mark(self, seconds: float, count: float) -> None:
        """`count` things were done when the clock showed `seconds`."""
        self._marks.append((seconds, count))
        while len(self._marks) > 2 and seconds - self._marks[0][0] > self._window:
            self._marks.popleft()

    @property
    def per_second(self) -> float:
        """The rate, 0 before there are two marks."""
        if len(self._marks) < 2:
            return 0.0
        (t0, n0), (t1, n1) = self._marks[0], self._marks[-1]
        return (n1 - n0) / (t1 - t0) if t1 > t0 else 0.0
