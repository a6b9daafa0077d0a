"""A day's run, in small time: memory, files and the cost of drawing do not grow with what has been."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from textual.pilot import Pilot

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.events.codec import to_json
from engine.events.commands import Stop
from engine.events.types import (
    BatchCompleted,
    CheckpointSaved,
    EpochCompleted,
    EpochStarted,
    Event,
    ImagesClassified,
    LossSampled,
    ValidationStarted,
)
from engine.session.session import Listener
from engine.training.control import Control
from tests.support.app import LARGE, make_app, until
from tests.support.scripted import counts, started
from tui_cifar.run.state import MAX_CHECKPOINTS, MAX_LINES, MAX_POINTS, RunState

pytestmark = pytest.mark.long

EPOCHS, SAMPLES = 10_000, 60
CONFIG = make_config({"epochs": EPOCHS, "device": "cpu"})


def epoch_events(epoch: int, samples: int = SAMPLES) -> Iterator[Event]:
    """What the engine tells of an epoch."""
    yield EpochStarted(epoch=epoch, learning_rate=0.01)
    for step in range(1, samples + 1):
        yield BatchCompleted(
            phase="training", epoch=epoch, step=step, steps=samples, images_per_second=4000.0, seconds_left=10.0
        )
        yield LossSampled(epoch=epoch, step=step, steps=samples, train_loss=2 / epoch + step % 7 / 100)
    yield ValidationStarted(epoch=epoch)
    yield EpochCompleted(
        epoch=epoch,
        train_loss=2 / epoch,
        train_accuracy=0.5,
        valid_loss=2 / epoch,
        valid_accuracy=0.5,
        learning_rate=0.01,
        seconds=9.0,
        images_per_second=4000.0,
        per_class=counts(0.5),
        best=True,
    )
    yield ImagesClassified(epoch=epoch, predicted=(1,) * 48, confidence=(0.5,) * 48)
    yield CheckpointSaved(
        path=f"runs/x/checkpoints/epoch-{epoch:04}.pt",
        epoch=epoch,
        step=samples,
        reason="best",
        valid_loss=2 / epoch,
        previous_best=None,
        size=10,
        seconds=0.1,
    )


def test_what_is_kept_in_memory_is_bounded() -> None:
    view = RunState()
    view.apply(started(CONFIG, epochs=EPOCHS, steps_per_epoch=SAMPLES))
    sizes = {}
    tracemalloc.start()
    try:
        for epoch in range(1, EPOCHS + 1):
            for event in epoch_events(epoch, samples=10):
                view.apply(event)
            if epoch % (EPOCHS // 2) == 0:
                sizes[epoch] = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(view.rows) == EPOCHS
    assert len(view.points) <= MAX_POINTS and len(view.lines) <= MAX_LINES and len(view.checkpoints) <= MAX_CHECKPOINTS
    # A row an epoch is all that grows: at most a few kilobytes.
    assert sizes[EPOCHS] < 60e6
    assert sizes[EPOCHS] - sizes[EPOCHS // 2] < EPOCHS // 2 * 4000


def test_an_epoch_adds_a_few_kilobytes_to_the_log_whatever_its_batches() -> None:
    size = sum(len(to_json(e)) + 1 for e in epoch_events(9999) if not e.live)
    assert size < 16_000


def calls_of(action: Callable[[], object]) -> int:
    """How many Python functions an action calls: its cost, measured without a clock."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


async def draw_cost(epochs: int) -> int:
    """Calls that a redraw of the dashboard takes after so many epochs."""

    def engine(_config: Config, control: Control, tell: Listener) -> object:
        tell(started(CONFIG, epochs=EPOCHS, steps_per_epoch=SAMPLES))
        for epoch in range(1, epochs + 1):
            for event in epoch_events(epoch, samples=5):
                tell(event)
        while not control.stopping:
            time.sleep(0.05)
        return None

    app = make_app(engine, CONFIG)
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: len(app.run_state.rows) == epochs, 300)
        await settled(pilot)

        def redraw() -> None:
            for event in epoch_events(epochs + 1, samples=1):
                app.run_state.apply(event)
            app.show()
            for widget in app.screen.query(".panel"):
                if widget.display:
                    widget.render()

        redraw()
        cost = calls_of(redraw)
        app.controller.client.send(Stop())
    return cost


async def settled(pilot: Pilot[None]) -> None:
    """Let what is under way come to its end."""
    for _ in range(5):
        await pilot.pause(0.1)


async def test_drawing_costs_the_same_after_thousands_of_epochs() -> None:
    short, long = await draw_cost(400), await draw_cost(4000)
    assert long < 2 * short, f"{short} calls after 400 epochs, {long} after 4,000"
