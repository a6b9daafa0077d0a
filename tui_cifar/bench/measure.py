"""What the benchmarks of the dashboard share: processor time by thread, memory, run events, percentiles, tables."""

from __future__ import annotations

import itertools
import json
import math
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

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


def events_of(run: Path) -> list[dict[str, Any]]:
    """What a run wrote to `events.jsonl` so far, each event a table."""
    try:
        lines = (run / "events.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:  # the last one, half written
            continue
    return found


def images_per_second(events: Sequence[dict[str, Any]], batch_size: int) -> float:
    """Pictures trained a second, from the sampled losses: validation, checkpoints and pauses between epochs left out."""
    steps = seconds = 0.0
    samples = [e for e in events if e["event"] == "loss_sampled"]
    for a, b in itertools.pairwise(samples):
        if a["epoch"] == b["epoch"]:
            steps += b["step"] - a["step"]
            seconds += b["time"] - a["time"]
    return steps * batch_size / seconds if seconds else math.nan


def percentile(values: Iterable[float], share: float) -> float:
    """The value that a share (0 to 1) of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def machine() -> str:
    """The processor and how much of it there is."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return f"{name}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns, the second one lined up."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {value}" for name, value in rows)
