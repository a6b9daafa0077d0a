"""What a running process takes, and how fast the run in it trains."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence
from pathlib import Path

from engine.events.log import read_events
from engine.events.types import Event, LossSampled

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> dict[str, float]:
    """Processor time that a process's threads took so far, by the thread's name.

    The training thread and those that PyTorch starts from it are called "training"; all others belong to the interface.
    """
    found: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            text = (task / "stat").read_text()
        except OSError:  # the thread has ended meanwhile
            continue
        name = text[text.index("(") + 1 : text.rindex(")")]
        fields = text[text.rindex(")") + 2 :].split()
        found[name] = found.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICKS
    return found


def interface_seconds(before: dict[str, float], after: dict[str, float]) -> float:
    """Processor time that the interface's threads took between two calls of `cpu_seconds`."""
    return sum(seconds - before.get(name, 0.0) for name, seconds in after.items() if name != "training")


def resident_bytes(pid: int) -> int:
    """Memory that a process holds (RSS)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def events_of(run: Path) -> list[Event]:
    """What a run has written to `events.jsonl` so far; nothing before it has begun."""
    try:
        return list(read_events(run / "events.jsonl"))
    except OSError:
        return []


def images_per_second(events: Sequence[Event], batch_size: int) -> float:
    """Training throughput by the sampled losses: validation, checkpoints and pauses between epochs do not count."""
    steps = seconds = 0.0
    for a, b in itertools.pairwise(e for e in events if isinstance(e, LossSampled)):
        if a.epoch == b.epoch:
            steps += b.step - a.step
            seconds += b.time - a.time
    return steps * batch_size / seconds if seconds else math.nan
