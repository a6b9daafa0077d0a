"""What the benchmarks of the dashboard share: processor time by thread, memory, run events, percentiles, tables."""

from __future__ import annotations

import itertools
import math
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.events.log import read_events
from engine.events.types import Event, LossSampled
from tui_cifar.cli.arguments import usage_error

TICKS = os.sysconf("SC_CLK_TCK")


def command(*arguments: str) -> list[str]:
    """`cifar-tui` of this very installation, with arguments."""
    return [sys.executable, "-m", "tui_cifar", *arguments]


def cpu_seconds(pid: int) -> dict[str, float]:
    """Processor time so far of a process's threads, by the thread's name.

    The training thread and those that PyTorch starts from it are called "training"; all others belong to the interface.
    """
    found: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            text = (task / "stat").read_text()
        except OSError:  # ended meanwhile
            continue
        name = text[text.index("(") + 1 : text.rindex(")")]
        fields = text[text.rindex(")") + 2 :].split()
        found[name] = found.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / TICKS
    return found


def interface_seconds(before: dict[str, float], after: dict[str, float]) -> float:
    """Processor time that the interface's threads took between two looks."""
    return sum(seconds - before.get(name, 0.0) for name, seconds in after.items() if name != "training")


def resident(pid: int) -> int:
    """Bytes of memory that a process holds (RSS)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def events_of(run: Path) -> list[Event]:
    """What a run wrote to `events.jsonl` so far."""
    try:
        return list(read_events(run / "events.jsonl"))
    except OSError:  # it has not begun
        return []


def images_per_second(events: Sequence[Event], batch_size: int) -> float:
    """Images trained a second, from the sampled losses: validation, checkpoints and pauses between epochs left out."""
    steps = seconds = 0.0
    for a, b in itertools.pairwise(e for e in events if isinstance(e, LossSampled)):
        if a.epoch == b.epoch:
            steps += b.step - a.step
            seconds += b.time - a.time
    return steps * batch_size / seconds if seconds else math.nan


def percentile(values: Iterable[float], share: float) -> float:
    """The value that a share (0 to 1) of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def machine() -> str:
    """The processor and how much of it there is."""
    from engine.runtime.autotune import available_cores
    from engine.runtime.device import cpu_name

    return f"{cpu_name()}, {available_cores()} cores, Python {platform.python_version()}"


def size_of(text: str) -> tuple[int, int]:
    """Columns and rows of a terminal, from "120x40"; complains of anything else."""
    columns, _, rows = text.partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and int(columns) and int(rows)):
        usage_error(f"--size: {text!r} is no size; give columns and rows, as in 120x40.")
    return int(columns), int(rows)


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns, the second one lined up."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {value}" for name, value in rows)
