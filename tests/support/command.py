"""The command `cifar-tui`, in a process of its own or called in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

COMMAND = [sys.executable, "-m", "tui_cifar"]


@dataclass(frozen=True)
class Finished:
    """The exit code and the output of a command that was called in this process."""

    code: int | str | None
    out: str
    err: str


Command = Callable[..., Finished]
"""What the fixture `cifar_tui` is: call it with the command's arguments."""


def run_command(
    *arguments: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, without a terminal."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
        timeout=timeout,
    )


def training_arguments(images: Path, runs: Path, *more: str, epochs: int = 2) -> list[str]:
    """Arguments of a quick run named "run"; later ones override earlier ones."""
    values = {
        "recipe": "tutorial",
        "dataset": images,
        "runs-dir": runs,
        "name": "run",
        "epochs": epochs,
        "batch-size": 10,
        "threads": 1,
        "device": "cpu",
    }
    return [*(f"--{name}={value}" for name, value in values.items()), *more]
