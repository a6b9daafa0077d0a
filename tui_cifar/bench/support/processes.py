"""Measurements in processes of their own, and what the benchmarks share in telling of them."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tui_cifar.cli.arguments import Parser, usage_error


def measure(module: str, *arguments: str) -> dict[str, Any]:
    """The JSON object that `python -m module arguments` prints last.

    A process that fails, or says "error", ends the benchmark with its words.
    """
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    try:
        result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        told = done.stderr.strip().splitlines() or ["nothing"]
        usage_error(f"{module} ended with {done.returncode} and said: {told[-1].removeprefix('engine.errors.')}")
    if "error" in result:
        usage_error(str(result["error"]))
    return result


def data_options(parser: Parser) -> None:
    """Options of every benchmark that trains."""
    parser.add_argument(
        "--dataset", default="shapes", metavar="TEXT", help="as for training (default: shapes, built in)"
    )
    parser.add_argument("--runs-dir", default="runs", metavar="DIR", help="where decoded images are kept")
    parser.add_argument("--device", default="auto", metavar="TEXT", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="CPU threads, 0 to measure")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")


def data_arguments(options: Namespace) -> list[str]:
    """What `data_options` read, for another process."""
    names = ("dataset", "runs_dir", "device", "threads")
    return [f"--{name.replace('_', '-')}={getattr(options, name)}" for name in names]


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    flags: set[str] = set()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("flags", "Features")):
                flags = set(line.split(":", 1)[1].split())
                break
    except OSError:
        pass
    from importlib.metadata import version

    from engine.runtime.autotune import available_cores

    known = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "asimd", "bf16", "sve")
    return {
        "cores": available_cores(),
        "cpu_flags": [f for f in known if f in flags],
        "python": platform.python_version(),
        "torch": version("torch"),
    }


def described(about: dict[str, Any]) -> str:
    """`machine()` in a line."""
    return (
        f"{about['cores']} cores ({' '.join(about['cpu_flags']) or 'no known flags'}), "
        f"Python {about['python']}, PyTorch {about['torch']}"
    )


def median(values: Iterable[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under a head, the first to the left and the others to the right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
