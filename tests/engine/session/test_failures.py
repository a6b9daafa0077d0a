"""Failures of a run: one terminal event with advice, and no memory kept."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.config.schema import Config
from engine.events.commands import Stop
from engine.events.types import (
    CheckpointFailed,
    Event,
    LineLogged,
    LossSampled,
    RunCompleted,
    RunEnded,
    RunFailed,
)
from engine.storage import checkpoint_writer
from engine.training.control import Control
from engine.training.hooks import Hook
from engine.training.state import TrainingState
from engine.training.trainer import Trainer
from tests.support.disks import whole_checkpoints
from tests.support.hooks import BeforeBatch, FailingForward, NonFiniteLoss
from tests.support.runs import train

Quick = Callable[..., Config]


HOLDERS = (Trainer, TrainingState)
"""What holds the memory of a run."""


def test_a_non_finite_loss_stops_before_the_weights_are_touched(quick: Quick) -> None:
    hook = NonFiniteLoss(batch=4)
    # 1 image a step and 72 steps: samples come every second step, so the bad loss is found a step after it happened.
    r = train(quick(batch_size=1), hook=hook)
    ended = r.events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "non_finite_loss"
    assert "epoch 1, batch 5" in ended.message and "0.05" in ended.message
    assert hook.state is not None and hook.state.step == 6
    after = hook.state.model.state_dict()
    assert hook.before and all(torch.equal(v, hook.before[k]) for k, v in after.items())
    assert all(bool(v.isfinite().all()) for v in after.values())


def test_a_learning_rate_that_is_too_high_fails_with_advice(quick: Quick) -> None:
    ended = train(quick(lr=100.0, epochs=20)).events[-1]
    assert isinstance(ended, RunFailed) and "Try a lower learning rate" in ended.message


def test_a_validation_loss_that_is_not_finite_fails_and_is_not_saved(quick: Quick, tmp_path: Path) -> None:
    def spoil_weights(state: TrainingState) -> None:
        with torch.no_grad():
            next(state.model.parameters()).fill_(float("nan"))

    ended = train(quick(epochs=3), hook=BeforeBatch(spoil_weights, "validating", epoch=2)).events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "non_finite_loss" and "epoch 2" in ended.message
    assert [p.name for p in whole_checkpoints(tmp_path / "runs" / "run")] == ["best.pt", "epoch-0001.pt"]


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_out_of_memory_names_the_batch_size_and_what_to_try(quick: Quick, error: Exception) -> None:
    ended = train(quick(), hook=FailingForward(error)).events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "out_of_memory"
    assert "batch size 10" in ended.message and "batch size of 5" in ended.message


def test_any_other_error_is_one_terminal_event_with_its_traceback(quick: Quick) -> None:
    def fail(_: TrainingState) -> None:
        raise KeyError("lost")

    r = train(quick(), hook=BeforeBatch(fail, "validating"))
    ended = r.events[-1]
    assert isinstance(ended, RunFailed) and "KeyError" in ended.message and "Traceback" in ended.detail
    assert len(r.of(RunEnded)) == 1


def test_a_failed_save_is_reported_and_training_continues(quick: Quick, monkeypatch: pytest.MonkeyPatch) -> None:

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_writer, "write_atomic", full)
    r = train(quick())
    # One an epoch, and one more attempt before the test, because the best weights are not on the disk yet.
    assert [e.error for e in r.of(CheckpointFailed)] == ["No space left on device"] * 3
    completed = r.events[-1]
    assert isinstance(completed, RunCompleted) and completed.best_checkpoint is None


def test_a_full_disk_for_events_is_reported_and_training_continues(quick: Quick) -> None:
    class FullDisk(Hook):
        def before_event(self, event: Event) -> None:
            if isinstance(event, LossSampled):
                raise OSError(28, "No space left on device")

    r = train(quick(), hook=FullDisk())
    assert isinstance(r.events[-1], RunCompleted)
    assert "No space left" in r.of(LineLogged)[0].text


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("out of memory"), KeyError("x"), SystemExit(3)]
)
def test_a_failed_run_frees_its_memory(quick: Quick, error: BaseException) -> None:
    before = {id(o) for o in gc.get_objects() if type(o) in HOLDERS}  # of other tests
    r = train(quick(), hook=FailingForward(error))
    assert isinstance(r.events[-1], RunFailed) and sum(isinstance(e, RunFailed) for e in r.events) == 1
    error.__traceback__ = None  # pytest's parameter lives on, with the frames that raised it
    gc.collect()
    assert not [o for o in gc.get_objects() if type(o) in HOLDERS and id(o) not in before]
    assert "checkpoint-writer" not in [t.name for t in threading.enumerate()]


def test_an_ended_run_frees_its_memory_without_garbage_collection(quick: Quick) -> None:
    """Otherwise, a GPU's memory would stay occupied until the next collection."""
    gc.collect()
    gc.disable()
    try:
        before = {id(o) for o in gc.get_objects() if type(o) in HOLDERS}  # of other tests
        r = train(quick(epochs=1))
        alive = [o for o in gc.get_objects() if type(o) in HOLDERS and id(o) not in before]
    finally:
        gc.enable()
    assert isinstance(r.events[-1], RunCompleted) and not alive


def test_many_runs_in_one_process_leave_nothing_open(quick: Quick, tmp_path: Path) -> None:
    """Like a dashboard in which runs are started, stopped, resumed and fail again and again."""

    def stop(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled):
            control.send(Stop())

    def open_now() -> tuple[int, int]:
        gc.collect()
        trainers = sum(type(o) in HOLDERS for o in gc.get_objects())
        return len(os.listdir("/proc/self/fd")), threading.active_count() + trainers  # noqa: PTH208

    train(quick(), stop)
    before = open_now()
    for i in range(8):
        train(quick(epochs=1 + i % 3), stop if i % 2 else None, resume=tmp_path / "runs" / "run")
        train(quick(name="other", dataset=str(tmp_path / "nothing")))
        train(quick(seed=1), resume=tmp_path / "runs" / "run")  # refused
    after = open_now()
    assert after[0] <= before[0] and after[1] <= before[1], "what tests before left may go meanwhile"
