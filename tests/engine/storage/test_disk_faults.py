"""What refused, lost and slow files do to a run: it trains on, reports them, and loses nothing else."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config.schema import Config
from engine.events.log import read_events
from engine.events.types import (
    CheckpointFailed,
    CheckpointSaved,
    EpochCompleted,
    EpochStarted,
    Event,
    LineLogged,
    RunCompleted,
    RunStarted,
)
from engine.storage import checkpoint_writer
from engine.storage.checkpoint import load_checkpoint
from engine.training.control import Control
from tests.support.disks import whole_checkpoints
from tests.support.runs import train

Quick = Callable[..., Config]


def test_a_quota_costs_checkpoints_and_nothing_else(quick: Quick, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def act(event: Event, _: Control) -> None:
        if isinstance(event, RunStarted):
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        if isinstance(event, CheckpointFailed) and event.epoch == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    try:
        r = train(quick(epochs=3), act)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert isinstance(r.events[-1], RunCompleted)
    assert {e.error for e in r.of(CheckpointFailed)} == {"File too large"}
    assert [p.name for p in whole_checkpoints(tmp_path / "runs" / "run")] == ["best.pt", "epoch-0003.pt"]


def test_a_refused_rename_costs_checkpoints_and_nothing_else(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, refused = Path.replace, []

    def refuse(self: Path, target: Path) -> Path:
        if "epoch-0002" in self.name or refused:
            refused.append(self.name)
            if len(refused) < 3:
                raise PermissionError(1, "Operation not permitted")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    r = train(quick(epochs=4), None)
    assert isinstance(r.events[-1], RunCompleted)
    assert {e.error for e in r.of(CheckpointFailed)} == {"Operation not permitted"}
    assert {"epoch-0001.pt", "epoch-0004.pt"} <= {p.name for p in whole_checkpoints(tmp_path / "runs" / "run")}


def test_events_that_can_never_be_written_are_reported_once(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1))
    events = tmp_path / "runs" / "run" / "events.jsonl"
    events.unlink()
    events.symlink_to("/dev/full")
    r = train(quick(epochs=2), resume=tmp_path / "runs" / "run")
    assert isinstance(r.events[-1], RunCompleted)
    assert ["No space left" in e.text for e in r.of(LineLogged) if "events.jsonl" in e.text] == [True]


def test_leftovers_of_a_killed_save_are_removed(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1))
    run = tmp_path / "runs" / "run"
    for folder in (run, run / "checkpoints"):
        (folder / ".epoch-0001.pt.123.tmp").write_bytes(b"half")
    train(quick(epochs=2), resume=run)
    assert not list(run.rglob(".*"))


def test_a_half_written_cache_of_a_dead_process_is_removed(quick: Quick, tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    cache = tmp_path / "runs" / ".cache"
    for name in (f".folder-1.{gone.pid}", f".folder-1.{os.getpid()}"):
        (cache / name).mkdir(parents=True)
    (cache / f".test-1.npy.{gone.pid}.tmp").write_bytes(b"half")
    train(quick(epochs=1))
    assert [p.name for p in cache.glob(".*")] == [f".folder-1.{os.getpid()}"], "what a living process writes stays"


@pytest.mark.parametrize("gone", ["moved and back", "deleted"])
def test_a_run_directory_that_disappears_is_reported_and_never_recreated_in_part(
    quick: Quick, tmp_path: Path, gone: str
) -> None:
    run, away = tmp_path / "runs" / "run", tmp_path / "away"

    def act(event: Event, _: Control) -> None:
        if isinstance(event, EpochStarted) and event.epoch == 2:
            run.rename(away)
            if gone == "deleted":
                shutil.rmtree(away)
        if isinstance(event, EpochStarted) and event.epoch == 4 and gone != "deleted":
            away.rename(run)

    r = train(quick(epochs=6), act)
    assert isinstance(r.events[-1], RunCompleted)
    failed = {e.error for e in r.of(CheckpointFailed)}
    assert failed == {"the run directory was moved or deleted"}
    assert sum("moved or deleted" in e.text for e in r.of(LineLogged)) >= 1
    if gone == "deleted":
        assert not (run / "checkpoints").exists(), "half a run can't be gone on with"
        return
    told = [e.epoch for e in read_events(run / "events.jsonl") if isinstance(e, EpochCompleted)]
    assert told == [1, 2, 3, 4, 5, 6]
    assert {"epoch-0006.pt", "best.pt"} <= {p.name for p in whole_checkpoints(run)}


def test_a_disk_that_hangs_does_not_hold_up_the_training(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, held = checkpoint_writer.write_atomic, threading.Event()

    def hang(path: Path, content: bytes) -> None:
        assert held.wait(60)
        write(path, content)

    def act(event: Event, _: Control) -> None:
        if isinstance(event, EpochCompleted) and event.epoch == 5:
            held.set()

    monkeypatch.setattr(checkpoint_writer, "write_atomic", hang)
    monkeypatch.setattr(checkpoint_writer, "PATIENCE_SECONDS", 0.05)
    r = train(quick(epochs=6, keep=10), act)
    assert isinstance(r.events[-1], RunCompleted)
    failed = [e.epoch for e in r.of(CheckpointFailed)]
    assert failed[:2] == [2, 3] and all("too slow" in e.error for e in r.of(CheckpointFailed))
    assert len(failed) + len(r.of(CheckpointSaved)) == 6, "each save is told of once"
    best = load_checkpoint(tmp_path / "runs" / "run" / "checkpoints" / "best.pt")["best"]
    assert best["epoch"] == r.events[-1].best_epoch
    whole_checkpoints(tmp_path / "runs" / "run")
