"""File systems for tests, and checkpoints on them."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.storage.checkpoint import load_checkpoint


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Mount a file system on a folder; skips the test if that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def whole_checkpoints(run: Path) -> list[Path]:
    """The checkpoints of a run, each of which is read. Nothing else is in their folder."""
    files = sorted((run / "checkpoints").iterdir())
    for path in files:
        load_checkpoint(path)
    return files
