"""File systems that fill up or become read-only under a run: real ones, where mounting is allowed."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config.schema import Config
from engine.events.log import read_events
from engine.events.types import (
    CheckpointFailed,
    CheckpointSaved,
    EpochCompleted,
    Event,
    LineLogged,
    RunCompleted,
    RunEnded,
    RunFailed,
)
from engine.storage.checkpoint import load_checkpoint
from engine.training.control import Control
from tests.support.disks import mounted, whole_checkpoints
from tests.support.runs import train

Quick = Callable[..., Config]


def test_a_full_disk_costs_checkpoints_and_nothing_else(quick: Quick, tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=32m", "tmpfs") as disk:
        filler, kept = disk / "filler", []

        def act(event: Event, control: Control) -> None:
            if isinstance(event, CheckpointSaved) and not kept:
                kept.append(Path(event.path).read_bytes())
                with contextlib.suppress(OSError), filler.open("wb") as f:
                    while True:
                        f.write(bytes(4096))
            if isinstance(event, EpochCompleted) and event.epoch == 4:
                earlier = disk / "run" / "checkpoints" / "epoch-0001.pt"
                assert earlier.read_bytes() == kept[0], "the earlier checkpoint is as it was"
                filler.unlink()

        r = train(quick(epochs=6, runs_dir=str(disk), keep=2), act)
        assert isinstance(r.events[-1], RunCompleted)
        failed = r.of(CheckpointFailed)
        assert failed and {e.error for e in failed} == {"No space left on device"}
        assert [p.name for p in whole_checkpoints(disk / "run")] == ["best.pt", "epoch-0005.pt", "epoch-0006.pt"]
        told = [e for e in read_events(disk / "run" / "events.jsonl") if isinstance(e, EpochCompleted)]
        assert [e.epoch for e in told] == [1, 2, 3, 4, 5, 6], "what the full disk refused was written once it could be"
        assert sum("events.jsonl" in e.text for e in r.of(LineLogged)) <= 1


@pytest.mark.long
@pytest.mark.parametrize("room", [0, 4, 12, 40, 90, 2000, 4300, 5000, 9000])
def test_a_disk_that_fills_up_leaves_nothing_half_written(quick: Quick, tmp_path: Path, room: int) -> None:
    """With every amount of free space, in KiB, another file is the first that does not fit."""
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", f"size={max(4, room)}k", "tmpfs") as disk:
        if not room:
            (disk / "filler").write_bytes(bytes(4096))
        r = train(quick(epochs=2, runs_dir=str(disk)))
        ended = r.events[-1]
        assert isinstance(ended, RunCompleted) or (isinstance(ended, RunFailed) and "No space left" in ended.message)
        assert len(r.of(RunEnded)) == 1
        left = [p for p in disk.rglob("*") if p.name.startswith(".") and p.name != ".cache"]
        assert not left and (not (disk / "run" / "checkpoints").exists() or whole_checkpoints(disk / "run") is not None)
        if isinstance(ended, RunCompleted) and ended.best_checkpoint:
            assert load_checkpoint(Path(ended.best_checkpoint))["best"]["epoch"] == ended.best_epoch


def test_a_folder_that_becomes_read_only_costs_checkpoints_and_nothing_else(quick: Quick, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "run"
    locked = contextlib.ExitStack()

    def act(event: Event, _: Control) -> None:
        if isinstance(event, CheckpointSaved) and event.epoch == 1:
            folder = run / "checkpoints"
            if os.geteuid():
                folder.chmod(0o555)
                locked.callback(folder.chmod, 0o755)
            else:  # permissions do not bind root
                locked.enter_context(mounted(folder, "--bind", str(folder)))
                subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)

    with locked:
        r = train(quick(epochs=3), act)
    assert isinstance(r.events[-1], RunCompleted)
    assert r.of(CheckpointFailed) and all(
        e.error in ("Read-only file system", "Permission denied") for e in r.of(CheckpointFailed)
    )
    assert "epoch-0001.pt" in [p.name for p in whole_checkpoints(run)]
