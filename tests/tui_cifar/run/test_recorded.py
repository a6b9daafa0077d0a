"""A run that has ended, as the dashboard sees it."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from engine.events.commands import Evaluate, InspectImage, Pause, Save, Stop
from engine.events.types import Event, InspectionFailed, RunFailed, RunStarted, RunStopped, TestCompleted
from engine.inspection.types import ImageInspected
from tui_cifar.run.client import Capabilities
from tui_cifar.run.recorded import RecordedRun, recorded_events
from tui_cifar.run.state import RunState


def replayed(run: RecordedRun) -> list[Event]:
    """All that a run has to tell."""
    run.start(lambda: None)
    assert run.join(60)
    return run.events()


def test_a_replayed_run_is_the_run(finished_run: Path) -> None:
    events = replayed(RecordedRun(finished_run))
    assert [type(e) for e in events].count(RunStarted) == 1 and any(isinstance(e, TestCompleted) for e in events)
    state = RunState()
    for event in events:
        state.apply(event)
    assert state.config["batch_size"] == 30


def test_a_run_is_where_it_lies_now(finished_run: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "events.jsonl").write_text((finished_run / "events.jsonl").read_text())
    (started,) = (e for e in recorded_events(moved) if isinstance(e, RunStarted))
    assert Path(started.directory) == moved


def test_a_run_that_lost_its_end_is_given_one(finished_run: Path, tmp_path: Path) -> None:
    lines = (finished_run / "events.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "events.jsonl").write_text("".join(lines[: len(lines) // 2]))
    ended = replayed(RecordedRun(tmp_path))[-1]
    assert isinstance(ended, RunStopped) and ended.reason == "its end was not recorded" and ended.epoch >= 1


def test_a_run_whose_log_is_gone_says_so(tmp_path: Path) -> None:
    (failed,) = replayed(RecordedRun(tmp_path / "gone"))
    assert isinstance(failed, RunFailed) and "No such file" in failed.message


def test_nothing_can_be_done_but_to_inspect(finished_run: Path) -> None:
    run = RecordedRun(finished_run)
    assert run.capabilities == Capabilities(inspect=True)
    before = len(replayed(run))
    for command in (Pause(), Save(), Evaluate(), Stop()):
        run.send(command)
    run.close("the dashboard ended")
    assert before > 0 and run.events() == []


def answer(run: RecordedRun, command: InspectImage) -> Event:
    """What comes of an inspection after all else has been replayed."""
    woken = threading.Event()
    run.start(woken.set)
    assert run.join(60)
    run.events()
    woken.clear()
    run.send(command)
    assert woken.wait(60)
    (event,) = run.events()
    return event


def test_the_best_weights_inspect_images(finished_run: Path) -> None:
    command = InspectImage.of_pixels("7", np.zeros((32, 32, 3), dtype=np.uint8))
    event = answer(RecordedRun(finished_run), command)
    assert isinstance(event, ImageInspected) and event.id == "7"
    assert event.inspection.probabilities.sum() == pytest.approx(1)


def test_a_run_without_weights_says_why_there_is_no_answer(tmp_path: Path) -> None:
    event = answer(RecordedRun(tmp_path), InspectImage.of_file("7", Path("cat.png")))
    assert isinstance(event, InspectionFailed) and event.id == "7" and "best.pt" in event.reason
