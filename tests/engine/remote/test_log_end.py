"""What the end of a log tells of a run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine.events.codec import to_json
from engine.events.types import (
    CheckpointSaved,
    EpochCompleted,
    EpochStarted,
    Event,
    ImagesChosen,
    ImagesSkipped,
    LineLogged,
    LossSampled,
    RunCompleted,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStopped,
    TestCompleted,
    TestStarted,
    ValidationStarted,
)
from engine.remote.liveness import State
from engine.remote.log_end import LogEnd, read_log_end
from tests.support.events import epoch_completed, run_started

STARTED = replace(run_started(), time=100.0)
TESTED = TestCompleted(epoch=3, loss=0.8, accuracy=0.72, per_class=(), confusion=((1,),), time=120.0)
LOGGED = LineLogged(source="engine", text="x")
SAVED = CheckpointSaved(
    path="x", epoch=2, step=4, reason="asked", valid_loss=None, previous_best=None, size=1, seconds=0.1
)


def sample(step: int, epoch: int = 1) -> LossSampled:
    return LossSampled(epoch=epoch, step=step, steps=10, train_loss=0.5, time=110.0)


def end_of(log: Path, *events: Event) -> LogEnd:
    log.write_text("".join(to_json(event) + "\n" for event in events))
    end = read_log_end(log)
    assert end is not None
    return end


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.mark.parametrize(
    ("events", "state", "epoch"),
    [
        ([], State.PREPARING, 0),
        ([LOGGED, ImagesSkipped(count=1, names=("x",))], State.PREPARING, 0),
        ([STARTED], State.TRAINING, 1),
        ([STARTED, EpochStarted(epoch=2, learning_rate=0.1), SAVED, LOGGED], State.TRAINING, 2),
        ([STARTED, sample(3, 5)], State.TRAINING, 5),
        ([STARTED, sample(9, 2), ValidationStarted(epoch=2), LOGGED], State.VALIDATING, 2),
        ([STARTED, ValidationStarted(epoch=2), epoch_completed(2), SAVED], State.TRAINING, 2),
        ([STARTED, epoch_completed(3), TestStarted(epoch=3)], State.TESTING, 3),
        ([STARTED, TestStarted(epoch=3), TESTED], State.TESTING, 3),
        ([STARTED, RunPaused(phase="training", epoch=4, step=3), SAVED], State.PAUSED, 4),
        ([STARTED, RunResumed(phase="validating", epoch=4, step=3, seconds=1.0)], State.VALIDATING, 4),
        ([STARTED, RunResumed(phase="?", epoch=4, step=3, seconds=1.0)], State.TRAINING, 4),
        ([STARTED, RunStopped(epoch=7, step=3, reason="x", saved=None)], State.STOPPED, 7),
        ([STARTED, sample(3, 5), RunFailed(title="t", message="m", kind="k")], State.FAILED, 5),
        ([STARTED, RunStopped(epoch=1, step=1, reason="x", saved=None), STARTED, sample(2, 6)], State.TRAINING, 6),
    ],
)
def test_the_state_and_the_epoch_are_those_of_the_last_event_that_tells(
    log: Path, events: list[Event], state: State, epoch: int
) -> None:
    end = end_of(log, *events)
    assert (end.state, end.epoch) == (state, epoch)


def test_a_completed_run_tells_everything_in_its_last_line(log: Path) -> None:
    completed = RunCompleted(
        epochs=9, seconds=61.5, test_accuracy=0.94, test_loss=0.2, best_epoch=7, best_valid_accuracy=0.93, time=200.0
    )
    assert end_of(log, STARTED, epoch_completed(9), completed) == LogEnd(
        state=State.DONE,
        started=100.0,
        last=200.0,
        changed=log.stat().st_mtime,
        epoch=9,
        best_epoch=7,
        best_accuracy=0.93,
        test_accuracy=0.94,
        seconds=61.5,
    )


def test_of_a_run_under_way_the_best_epoch_is_the_last_that_was_the_best(log: Path) -> None:
    epochs: list[EpochCompleted] = [epoch_completed(n, best=n in (1, 4)) for n in range(1, 7)]
    end = end_of(log, STARTED, *epochs, sample(1, 7))
    assert (end.best_epoch, end.best_accuracy) == (4, epochs[3].valid_accuracy)
    end = end_of(log, STARTED, epoch_completed(1, best=False))
    assert end.best_epoch is None


def test_a_test_that_is_done_tells_its_accuracy(log: Path) -> None:
    assert end_of(log, STARTED, TESTED).test_accuracy == 0.72


def test_a_torn_last_line_and_lines_that_are_no_events_are_passed_over(log: Path) -> None:
    text = to_json(STARTED) + "\n" + to_json(ValidationStarted(epoch=3)) + "\n"
    for rest in (
        to_json(RunStopped(epoch=1, step=1, reason="x", saved=None))[:-5],
        '{"event": "run_stopped"}\n',
        "\0\n",
    ):
        log.write_text(text + rest)
        end = read_log_end(log)
        assert end is not None and end.state is State.VALIDATING


def test_a_long_line_after_the_one_that_tells_is_read_past(log: Path) -> None:
    chosen = ImagesChosen(indices=(1,), labels=(1,), data="A" * 200_000)
    assert end_of(log, STARTED, chosen).state is State.TRAINING
    assert end_of(log, STARTED, *[chosen] * 10).state is State.TRAINING, "too far back to look, but it has begun"


def test_a_huge_log_is_not_read_as_a_whole(log: Path) -> None:
    log.write_text(to_json(STARTED) + "\n")
    with log.open("r+b") as f:
        f.seek(2**40)  # a terabyte with a hole: reading it would take hours
        f.write(f"\n{to_json(epoch_completed(3))}\n{to_json(sample(4, 4))}\n".encode())
    end = read_log_end(log)
    assert end is not None
    assert (end.state, end.epoch, end.started, end.best_epoch) == (State.TRAINING, 4, 100.0, 3)


@pytest.mark.parametrize("begin", ["", '{"event": "run_started", "time": 1e400,', '{"time": 5}\n', "\xff" * 300])
def test_a_beginning_that_tells_no_time(log: Path, begin: str) -> None:
    log.write_text(begin)
    end = read_log_end(log)
    assert end is not None and end.started is None


def test_what_is_no_file_has_no_end(log: Path) -> None:
    assert read_log_end(log) is None
    os.mkfifo(log)
    assert read_log_end(log) is None
