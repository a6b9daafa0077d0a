"""Working time and throughput, on a monotonic clock."""

from __future__ import annotations

import time
from collections import deque


class Stopwatch:
    """Measures time, pauses excluded.

    Args:
        already: seconds to begin with, as when a run is resumed.
    """

    def __init__(self, already: float = 0.0) -> None:
        self._start = time.monotonic() - already
        self._paused_at: float | None = None

    def pause(self) -> None:
        """Stop the clock; without effect if it is stopped already."""
        self._paused_at = self._paused_at or time.monotonic()

    def resume(self) -> float:
        """Start the clock again; returns how long it was stopped, in seconds."""
        if self._paused_at is None:
            return 0.0
        paused = time.monotonic() - self._paused_at
        self._start += paused
        self._paused_at = None
        return paused

    @property
    def paused(self) -> bool:
        """Whether the clock is stopped."""
        return self._paused_at is not None

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return (self._paused_at or time.monotonic()) - self._start


class Rate:
    """A rate per second, averaged over the last few seconds.

    Args:
        window: seconds to average over.
    """

    def __init__(self, window: float = 3.0) -> None:
        self._window = window
        self._marks: deque[tuple[float, float]] = deque()

    def mark(self, seconds: float, count: float) -> None:
        """Note that `count` items, in total, were done at `seconds`."""
        self._marks.append((seconds, count))
        while len(self._marks) > 2 and seconds - self._marks[0][0] > self._window:
            self._marks.popleft()

    @property
    def per_second(self) -> float:
        """The rate; 0 before the second mark."""
        if len(self._marks) < 2:
            return 0.0
        (t0, n0), (t1, n1) = self._marks[0], self._marks[-1]
        return (n1 - n0) / (t1 - t0) if t1 > t0 else 0.0
