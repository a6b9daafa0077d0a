"""The checkpoint files of a run: their names, their order, and setting some of them aside."""

from __future__ import annotations

import errno
import re
import stat
from pathlib import Path

BEST = "best.pt"
"""A copy of the checkpoint with the best weights."""


def checkpoint_name(epoch: int, step: int | None = None) -> str:
    """The name of the checkpoint after `step` steps of `epoch`; without `step`, of the one at the end of the epoch."""
    return f"epoch-{epoch:04d}.pt" if step is None else f"epoch-{epoch:04d}-step-{step:07d}.pt"


def position(path: Path) -> tuple[int, int | None] | None:
    """The epoch and step in the name of a checkpoint, as `checkpoint_name` takes them; None for any other name."""
    found = re.fullmatch(r"epoch-(\d+)(?:-step-(\d+))?\.pt", path.name)
    return None if found is None else (int(found[1]), int(found[2]) if found[2] else None)


def newest_first(directory: Path) -> list[Path]:
    """The checkpoints in a folder, the one furthest in training first; best.pt, a copy of one of them, comes last."""

    def order(path: Path) -> tuple[int, float]:
        epoch, step = position(path) or (0, 0)
        return epoch, float("inf") if step is None else step

    return sorted(filter(_may_be_file, directory.glob("*.pt")), key=order, reverse=True)


def set_aside(directory: Path, named: Path) -> Path | None:
    """Move best.pt and all checkpoints further in training than `named` to a folder beside them; `named` is then the newest.

    Args:
        directory: of the checkpoints.
        named: one of them.

    Returns:
        The folder; None if there was nothing to move.
    """
    names = [p.name for p in newest_first(directory) if position(p) is not None]
    further = names[: names.index(named.name)] if named.name in names else []
    if not further:
        return None
    number = next(n for n in range(1, 10_000) if not (directory / f"aside-{n}").exists())
    folder = directory / f"aside-{number}"
    folder.mkdir()
    for name in (*further, BEST):
        if (directory / name).exists() and name != named.name:
            (directory / name).rename(folder / name)
    return folder


def _may_be_file(path: Path) -> bool:
    """False for folders, pipes and the like. If the disk does not answer, whoever reads the file gets the error."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as e:
        return e.errno != errno.ENOENT
