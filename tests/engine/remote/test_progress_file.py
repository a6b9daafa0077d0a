"""`progress.json`: a run's sign of life."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.events.types import EpochStarted, PreparationAdvanced, RunPaused, RunResumed
from engine.remote import progress_file
from engine.remote.progress_file import Progress, ProgressWriter, read_progress
from tests.engine.remote.fake_run import progress
from tests.engine.remote.processes import wait_until

PAUSED = RunPaused(phase="training", epoch=1, step=3)
RESUMED = RunResumed(phase="training", epoch=1, step=3, seconds=1.0)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_file, "SECONDS", 0.005)


def until(directory: Path, paused: bool, event: Any) -> Progress:
    """Wait for the file to say so."""
    found: list[Progress | None] = [None]

    def so() -> bool:
        found[0] = read_progress(directory)
        return found[0] is not None and (found[0].paused, found[0].event) == (paused, event)

    wait_until(so)
    assert found[0] is not None
    return found[0]


def test_it_holds_the_newest_progress_and_whether_the_run_is_paused(tmp_path: Path) -> None:
    writer = ProgressWriter(tmp_path)
    until(tmp_path, False, None)
    preparing = PreparationAdvanced(step="Importing PyTorch", done=1, total=2)
    writer.note(preparing)
    until(tmp_path, False, preparing)
    writer.note(progress(3))
    until(tmp_path, False, progress(3))
    writer.note(PAUSED)
    until(tmp_path, True, None)
    writer.note(progress(4))
    until(tmp_path, True, progress(4))
    writer.note(RESUMED)
    until(tmp_path, False, None)
    writer.note(EpochStarted(epoch=1, learning_rate=0.1))
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_it_is_written_again_and_again_though_nothing_changes(tmp_path: Path) -> None:
    writer = ProgressWriter(tmp_path)
    first = until(tmp_path, False, None)
    wait_until(lambda: until(tmp_path, False, None).time > first.time)
    writer.close()


def test_a_directory_that_is_away_is_not_made_anew(tmp_path: Path) -> None:
    run, away = tmp_path / "run", tmp_path / "away"
    run.mkdir()
    writer = ProgressWriter(run)
    until(run, False, None)
    run.rename(away)
    writer.note(progress(1))
    assert not run.exists()
    away.rename(run)
    until(run, False, progress(1))
    run.rename(away)
    writer.close()
    assert not run.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"time": "now"},
        {"time": 10**400},
        {"progress": 3},
        {"progress": {}},
        {"progress": {"event": "run_stopped", "time": 1, "epoch": 1, "step": 1, "reason": "x", "saved": None}},
        {"padding": "x" * 20_000},
    ],
)
def test_anything_else_is_no_progress(tmp_path: Path, changes: dict[str, Any]) -> None:
    good = {"version": 1, "time": 100.5, "paused": True, "progress": None}
    (tmp_path / "progress.json").write_text(json.dumps(good))
    assert read_progress(tmp_path) == Progress(100.5, True, None)
    (tmp_path / "progress.json").write_text(json.dumps({**good, **changes}))
    assert read_progress(tmp_path) is None
