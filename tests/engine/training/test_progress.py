"""Forecasts, on a clock of the test's own."""

from __future__ import annotations

from typing import Any, cast

import pytest
from torch import nn

from engine.config.sources import make_config
from engine.events.types import BatchCompleted, Event
from engine.training.plan import Plan
from engine.training.progress import Progress
from engine.training.state import TrainingState

IMAGES = {"train": 1_000, "valid": 200, "test": 200}
SPEED, EVALUATION_SPEEDUP = 500.0, 4
"""Full-size images per second in training, and how much faster an evaluation is."""


class Clock:
    """In place of a stopwatch."""

    seconds = 0.0


class Sized:
    """In place of images that are only counted."""

    train, valid, test = (range(n) for n in IMAGES.values())


def test_the_forecast_weights_each_step_by_its_cost() -> None:
    """Exact at constant speed, though images and network grow: after the first epoch, when both speeds are known."""
    config = make_config({"recipe": "fast", "epochs": 4, "batch_size": 10})
    plan = Plan(config, IMAGES["train"], full_width=48)
    state, clock, events = TrainingState(plan, nn.Identity()), Clock(), list[Event]()
    state.watch = cast(Any, clock)
    progress = Progress(state, cast(Any, Sized()), events.append)
    forecasts: list[tuple[str, float, float | None]] = []

    def note(phase: str) -> None:
        event = events[-1]
        assert isinstance(event, BatchCompleted) and event.phase == phase
        forecasts.append((phase, clock.seconds, event.seconds_left))

    for epoch in range(1, config.run.epochs + 1):
        state.epoch, state.step, state.phase = epoch, 0, "training"
        progress.start_phase()
        for step in range(plan.steps):
            clock.seconds += config.run.batch_size * plan.curriculum.cost(epoch, step) / SPEED
            state.step += 1
            progress.step_done()
        note("training")
        state.phase = "validating"
        progress.start_phase()
        progress.report(0, 2)
        note("validating")
        seconds = IMAGES["valid"] / (EVALUATION_SPEEDUP * SPEED) * plan.curriculum.cost(epoch, plan.steps - 1)
        clock.seconds += seconds
        progress.evaluation_done(IMAGES["valid"], seconds)
    state.epoch, state.step, state.phase = config.run.epochs + 1, 0, "testing"
    progress.start_phase()
    progress.report(0, 2)
    note("testing")
    clock.seconds += 2 * IMAGES["test"] / (EVALUATION_SPEEDUP * SPEED)

    assert clock.seconds > 5
    for phase, at, left in forecasts[2:]:
        assert left == pytest.approx(clock.seconds - at, rel=0.02), (phase, at)
    assert forecasts[-1][2] == pytest.approx(clock.seconds - forecasts[-1][1])


def test_without_a_measurement_there_is_no_forecast() -> None:
    config = make_config({"recipe": "tutorial", "epochs": 1})
    events = list[Event]()
    state = TrainingState(Plan(config, IMAGES["train"], full_width=0), nn.Identity(), step=1)
    Progress(state, cast(Any, Sized()), events.append).step_done()
    (event,) = events
    assert isinstance(event, BatchCompleted) and event.seconds_left is None
