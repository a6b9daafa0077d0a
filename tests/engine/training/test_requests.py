"""Pause, stop, save and evaluate, in every phase."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from engine.config.schema import Config
from engine.events.commands import Evaluate, Pause, Resume, Save, Stop
from engine.events.types import (
    CheckpointSaved,
    DataDescribed,
    EpochCompleted,
    Event,
    LossSampled,
    PredictionsSaved,
    RunCompleted,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
    TestCompleted,
    TestStarted,
    ValidationStarted,
)
from engine.storage.checkpoint import load_checkpoint
from engine.training.control import Control
from engine.training.state import TrainingState
from tests.support.event_order import EVENT_ORDER, in_letters
from tests.support.hooks import BeforeBatch
from tests.support.runs import epoch_losses, train

Quick = Callable[..., Config]


def on(
    kind: type[Event], action: Callable[[Control], None], epoch: int | None = None
) -> Callable[[Event, Control], None]:
    """Acts once, when the first event of a kind (and epoch) arrives."""
    done: list[bool] = []

    def act(event: Event, control: Control) -> None:
        if isinstance(event, kind) and not done and (epoch is None or getattr(event, "epoch", None) == epoch):
            done.append(True)
            action(control)

    return act


PHASES: list[tuple[type[Event], str]] = [
    (LossSampled, "training"),
    (ValidationStarted, "validating"),
    (TestStarted, "testing"),
]


@pytest.mark.parametrize(("kind", "phase"), PHASES)
def test_a_pause_holds_the_run_in_every_phase(quick: Quick, kind: type[Event], phase: str) -> None:
    def act(event: Event, control: Control) -> None:
        if isinstance(event, kind) and not paused:
            paused.append(time.monotonic())
            control.send(Pause())
        if isinstance(event, RunPaused):
            import threading

            threading.Timer(0.3, control.send, [Resume()]).start()

    paused: list[float] = []
    r = train(quick(), act)
    told = [e for e in r.events if not isinstance(e, (CheckpointSaved, DataDescribed))]  # from threads of their own
    at = next(i for i, e in enumerate(told) if isinstance(e, RunPaused))
    pause, resumed = r.of(RunPaused)[0], r.of(RunResumed)[0]
    assert told[at + 1] is resumed, "nothing happens between the two"
    assert pause.phase == resumed.phase == phase
    assert 0.2 < resumed.seconds < 5
    assert isinstance(r.events[-1], RunCompleted)
    assert r.events[-1].seconds < time.monotonic() - paused[0] + 10
    plain = train(quick(name="plain"))
    assert epoch_losses(r) == epoch_losses(plain), "a pause changes nothing"


@pytest.mark.parametrize(("kind", "phase"), PHASES)
def test_a_stop_ends_the_run_at_once_and_saves(quick: Quick, kind: type[Event], phase: str) -> None:
    r = train(quick(), on(kind, lambda c: c.send(Stop(reason="test"))))
    ended = r.events[-1]
    assert isinstance(ended, RunStopped) and ended.reason == "test" and ended.saved
    assert EVENT_ORDER.fullmatch(in_letters(r.events)), in_letters(r.events)
    assert load_checkpoint(Path(ended.saved))["epoch"] >= 1
    if phase == "training":
        assert len(r.of(LossSampled)) == 1, "the batch after the stop is not trained"
    assert not r.of(TestCompleted)


def test_a_stop_without_saving_saves_nothing(quick: Quick) -> None:
    r = train(quick(), on(LossSampled, lambda c: c.send(Stop(save=False))))
    ended = r.events[-1]
    assert isinstance(ended, RunStopped) and ended.saved is None
    assert not r.of(CheckpointSaved)


def test_a_stop_while_paused_ends_the_pause(quick: Quick) -> None:
    def act(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled):
            control.send(Pause())
        if isinstance(event, RunPaused):
            control.send(Stop())

    r = train(quick(), act)
    assert isinstance(r.events[-1], RunStopped)
    assert len(r.of(RunPaused)) == len(r.of(RunResumed)) == 1


@pytest.mark.parametrize("kind", [LossSampled, ValidationStarted, TestStarted])
def test_a_save_is_made_on_request(quick: Quick, kind: type[Event]) -> None:
    r = train(quick(keep=100), on(kind, lambda c: c.send(Save())))
    asked = [e for e in r.of(CheckpointSaved) if e.reason == "asked"]
    assert len(asked) == 1 and Path(asked[0].path).exists()
    assert isinstance(r.events[-1], RunCompleted)


@pytest.mark.parametrize("kind", [LossSampled, ValidationStarted])
def test_an_evaluation_on_request_changes_nothing_else(quick: Quick, kind: type[Event]) -> None:
    r = train(quick(), on(kind, lambda c: c.send(Evaluate())))
    asked, final = r.of(PredictionsSaved)
    assert 0 < asked.step <= 8 and asked.epoch == 1 and final.step == 0
    assert epoch_losses(r) == epoch_losses(train(quick(name="plain")))


@pytest.mark.parametrize(("step", "size"), [(0, 20), (1, 24)])
def test_an_evaluation_on_request_uses_the_image_size_just_trained_on(quick: Quick, step: int, size: int) -> None:
    sizes = []

    def note_sizes(state: TrainingState) -> None:
        def note(model: nn.Module, inputs: tuple[torch.Tensor]) -> None:
            if not model.training:
                sizes.append((len(inputs[0]), inputs[0].shape[-1]))

        state.model.register_forward_pre_hook(note)

    def act(event: Event, control: Control) -> None:
        if isinstance(event, EpochCompleted) and event.epoch == 1 and step == 0:
            control.send(Evaluate())
        if isinstance(event, LossSampled) and event.epoch == 2 and event.step == step:
            control.send(Evaluate())
        if isinstance(event, PredictionsSaved):
            control.send(Stop())

    config = quick(epochs=4, model="airbench", width=4, schedule="cycles", progressive=True)
    r = train(config, act, hook=BeforeBatch(note_sizes, "training"))
    saved = r.of(PredictionsSaved)[0]
    assert (saved.epoch, saved.step) == ((1, 0) if step == 0 else (2, step))
    assert sizes[-1] == (r.of(RunStarted)[0].counts["test"], size)


def test_a_paused_run_evaluates_on_request(quick: Quick) -> None:
    def act(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled) and event.step == 3:
            control.send(Pause())
        if isinstance(event, RunPaused):
            control.send(Evaluate())
        if isinstance(event, PredictionsSaved):
            control.send(Resume())

    r = train(quick(epochs=1), act)
    assert r.of(PredictionsSaved)[0].step == 3
    assert isinstance(r.events[-1], RunCompleted)


def test_a_paused_run_saves_on_request(quick: Quick) -> None:
    def act(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled) and event.step == 3:
            control.send(Pause())
        if isinstance(event, RunPaused):
            control.send(Save())
        if isinstance(event, CheckpointSaved) and event.reason == "asked":
            control.send(Resume())

    r = train(quick(), act)
    assert r.of(CheckpointSaved)[0].reason == "asked"
    assert isinstance(r.events[-1], RunCompleted)
