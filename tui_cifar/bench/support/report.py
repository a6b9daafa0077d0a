"""How the benchmarks report: the machine, percentiles, tables."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

CPU_FLAGS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "asimd", "bf16", "sve")
"""Instruction sets that change how fast a network trains."""


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    from engine.runtime.autotune import available_cores
    from engine.runtime.device import cpu_name

    flags: set[str] = set()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("flags", "Features")):
                flags = set(line.split(":", 1)[1].split())
                break
    except OSError:
        pass
    return {
        "cpu": cpu_name(),
        "cores": available_cores(),
        "cpu_flags": [f for f in CPU_FLAGS if f in flags],
        "python": platform.python_version(),
        "torch": version("torch"),
    }


def machine_line(about: dict[str, Any]) -> str:
    """`machine()` in one line."""
    cores = f"{about['cores']} cores ({' '.join(about['cpu_flags']) or 'no known flags'})"
    return f"{about['cpu']}, {cores}, Python {about['python']}, PyTorch {about['torch']}"


def percentile(values: Iterable[float], share: float) -> float:
    """The value that a share (0 to 1) of the values does not exceed (nearest rank); NaN of no values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under their heads, the first aligned to the left and the others to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def facts(rows: Sequence[tuple[str, str]]) -> str:
    """Names with their values, one a line, the values starting in one column."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {value}" for name, value in rows)
