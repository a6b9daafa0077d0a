"""Runs that train in one process, and are watched and steered from others."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config.sources import make_config
from engine.events.commands import Evaluate, InspectImage, Pause, Resume, Save, Stop
from engine.events.log import read_events
from engine.events.types import (
    CheckpointSaved,
    EpochStarted,
    PredictionsSaved,
    PreparationAdvanced,
    RunCompleted,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
)
from engine.inspection.types import ImageInspected
from engine.remote.connection import Link
from engine.remote.host_file import read_host_file
from engine.remote.liveness import State
from engine.remote.summary import summarize
from engine.storage.checkpoint import load_checkpoint
from tests.engine.remote.processes import Process, Watching, wait_until
from tests.support.runs import QUICK, train
from tests.support.states import same


@pytest.fixture(autouse=True)
def runtime_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A directory of the test's own for sockets, with a short path."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield


@pytest.fixture
def settings(image_folder: Path, tmp_path: Path) -> dict[str, Any]:
    """Of a run that takes some seconds, at a pace that leaves time to steer it."""
    folders = {"dataset": str(image_folder), "runs_dir": str(tmp_path / "runs"), "name": "run"}
    return {**QUICK, **folders, "epochs": 4, "pace": 0.05}


def real_run(settings: dict[str, Any], resumed: Path | None = None) -> Process:
    return Process("tests.engine.remote.real_run", json.dumps(settings), *([resumed] if resumed else []))


def path_of(settings: dict[str, Any]) -> Path:
    return Path(settings["runs_dir"]) / settings["name"]


def rare(events: list[Any]) -> list[Any]:
    return [e for e in events if not e.live]


def test_everything_that_can_be_asked_of_a_run_can_be_asked_from_another_process(settings: dict[str, Any]) -> None:
    path = path_of(settings)
    with real_run(settings) as host:
        wait_until((path / "host.json").exists, 60)
        with Watching(path, name="ada") as watching:
            watching.until(lambda: watching.of(EpochStarted))
            watching.send(Pause())
            watching.until(lambda: watching.of(RunPaused))
            assert watching.of(RunPaused)[0].by == "ada"
            summary = summarize(path)
            assert summary is not None and summary.state is State.PAUSED
            watching.send(Save())
            watching.until(lambda: watching.of(CheckpointSaved))
            watching.send(Evaluate())
            watching.until(lambda: watching.of(PredictionsSaved))
            image = np.full((32, 32, 3), 200, np.uint8)
            watching.send(InspectImage.of_pixels("1", image))
            watching.until(lambda: watching.of(ImageInspected))
            inspection = watching.of(ImageInspected)[0].inspection
            assert np.array_equal(inspection.image, image) and inspection.maps
            assert abs(inspection.probabilities.sum() - 1) < 1e-5
            watching.send(Resume())
            watching.until(lambda: watching.of(RunResumed))
            assert watching.of(RunResumed)[0].by == "ada"
            watching.send(Stop(reason="asked by ada"))
            watching.until(lambda: watching.of(RunStopped) and watching.status.link is Link.ENDED)
            stopped = watching.of(RunStopped)[0]
            assert stopped.reason == "asked by ada" and Path(stopped.saved).exists()
            assert rare(watching.seen) == list(read_events(path / "events.jsonl"))
        assert host.wait() == 0


def test_a_run_that_is_watched_steered_killed_and_resumed_learns_the_same_to_the_last_bit(
    settings: dict[str, Any],
) -> None:
    reference = {k: v for k, v in settings.items() if k != "pace"} | {"name": "reference"}
    assert isinstance(train(make_config(reference)).events[-1], RunCompleted)
    path = path_of(settings)
    with contextlib.ExitStack() as stack:
        host = stack.enter_context(real_run(settings))
        wait_until((path / "host.json").exists, 60)
        watchers = [stack.enter_context(Watching(path)) for _ in range(3)]
        first = watchers[0]
        first.until(lambda: len(first.of(EpochStarted)) == 2)
        first.send(Pause())
        watchers[1].until(lambda: watchers[1].of(RunPaused))
        watchers[1].send(Resume())
        first.until(lambda: first.of(RunResumed))
        killed = time.monotonic()
        host.send(signal.SIGKILL)
        for watching in watchers:
            watching.until(lambda w=watching: w.status.link is Link.CRASHED, 3 - (time.monotonic() - killed))  # type: ignore[misc]
        summary = summarize(path)
        assert summary is not None and summary.state is State.CRASHED and summary.state.can_be_resumed
        host = stack.enter_context(real_run({**settings, "pace": 0.0}, path))
        for watching in watchers:
            watching.until(lambda w=watching: w.of(RunCompleted) and w.status.link is Link.ENDED, 60)  # type: ignore[misc]
            assert rare(watching.seen) == list(read_events(path / "events.jsonl"))
        assert host.wait() == 0
    states = [load_checkpoint(p / "checkpoints" / "epoch-0004.pt") for p in (path, path.with_name("reference"))]
    for key in ("model", "optimizer", "best", "epoch", "step"):
        assert same(states[0][key], states[1][key]), key


def test_a_run_that_is_resumed_can_be_reached_while_it_prepares(settings: dict[str, Any]) -> None:
    path = path_of(settings)
    with real_run(settings) as host:
        wait_until((path / "host.json").exists, 60)
        with Watching(path) as watching:
            watching.until(lambda: watching.of(EpochStarted))
            watching.send(Stop())
            watching.until(lambda: watching.of(RunStopped))
        assert host.wait() == 0
    with Watching(path) as watching:
        watching.until(lambda: watching.status.link is Link.ENDED)
        with real_run({**settings, "start": 2.0}, path):
            watching.until(lambda: watching.of(PreparationAdvanced), 60)
            summary = summarize(path)
            assert summary is not None and summary.state is State.PREPARING
            watching.until(lambda: len(watching.of(RunStarted)) == 2, 60)
            assert watching.status.link is Link.CONNECTED
            watching.send(Stop())
            watching.until(lambda: len(watching.of(RunStopped)) == 2)
            assert rare(watching.seen) == list(read_events(path / "events.jsonl"))


@pytest.fixture
def full_disk() -> Iterator[Path]:
    """A file system without room for one more file, with a short path; skips where mounting is not allowed."""
    folder = Path(tempfile.mkdtemp(prefix="f-"))
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k,nr_inodes=2", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        folder.rmdir()
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        (folder / "cifar-tui").mkdir(mode=0o700)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def test_a_full_runtime_directory_is_passed_over(
    settings: dict[str, Any], full_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(settings)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(full_disk))
    with pytest.raises(OSError, match="No space left"):
        (full_disk / "cifar-tui" / "file").touch()
    with real_run(settings), Watching(path) as watching:
        watching.until(lambda: watching.status.link is Link.CONNECTED, 60)
        host = read_host_file(path)
        assert host is not None and not Path(host.socket).is_relative_to(full_disk)
        watching.send(Stop())
        watching.until(lambda: watching.of(RunStopped))
