"""Every screen, and how to get to it: which engine, which state to wait for, which keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
from textual.pilot import Pilot

from engine.events.types import DataDescribed, Event, LayerDescribed, ModelDescribed, SplitDescribed
from engine.storage.predictions import Predictions
from tests.support.app import make_app
from tests.support.scripted import NAMES, Engine, Script, failing
from tui_cifar.app.app import CifarApp
from tui_cifar.run.predictions import Results


@dataclass(frozen=True)
class Case:
    """How to get to a screen: the engine, the state to wait for, the keys from there."""

    engine: Callable[[], Engine]
    state: str = "DONE"
    keys: tuple[str, ...] = ()


def done() -> Engine:
    return Script(epochs=3)


CASES = {
    "dashboard": Case(done),
    "predictions": Case(done, keys=("2",)),
    "confusion": Case(done, keys=("3",)),
    "data": Case(done, keys=("4",)),
    "model": Case(done, keys=("5",)),
    "log": Case(done, keys=("6",)),
    "help": Case(done, keys=("question_mark",)),
    "leave": Case(lambda: Script(epochs=3, hold_at=(2, 5)), "TRAINING", ("q",)),
    "failure": Case(lambda: failing("non_finite_loss"), "FAILED"),
    "data-missing": Case(lambda: failing("data_unavailable"), "FAILED"),
}
"""Another screen is another line here."""


def described() -> tuple[Event, ...]:
    """A network and data as the engine describes them."""
    layers = (
        LayerDescribed(
            name="conv", kind="Conv2d 3×3, 3 → 16", output=(16, 32, 32), parameters=448, multiply_adds=442_368
        ),
        LayerDescribed(name="fc", kind="Linear, 1,024 → 10", output=(10,), parameters=10_250, multiply_adds=10_240),
    )
    splits = tuple(
        SplitDescribed(name=name, per_class=(count // 10,) * 10, mean=(125.3, 123.0, 113.9), spread=(63.0, 62.1, 66.7))
        for name, count in (("train", 40_000), ("valid", 10_000), ("test", 10_000))
    )
    return (
        ModelDescribed(layers=layers, parameters=10_698),
        DataDescribed(path="", splits=splits, duplicate_count=1, duplicates=("train 12 (cat) = test 40 (dog)",)),
    )


def evaluated() -> Results:
    """An evaluation of 60 images, a third of them wrong."""
    labels = np.arange(60) % 10
    probabilities = np.full((60, 10), 0.02, dtype=np.float32)
    probabilities[np.arange(60), (labels + (np.arange(60) % 3 == 0)) % 10] = 0.82
    images = np.zeros((60, 32, 32, 3), dtype=np.uint8)
    images[:] = (labels * 25)[:, None, None, None]
    return Results(Predictions(probabilities, labels, NAMES, 3, 0, ""), images)


async def reach(
    case: Case, use: Callable[[Pilot[None], CifarApp], Awaitable[None]], *, ascii: bool = False, images: str = "half"
) -> None:
    """Bring the application to a screen and hand it over."""
    engine = case.engine()
    app = make_app(engine, ascii=ascii, images="ascii" if ascii else images)
    app.resources.start = lambda: None  # type: ignore[method-assign]  # figures of this machine would differ
    async with app.run_test(size=(120, 40)) as pilot:
        held = engine.holding.is_set if isinstance(engine, Script) and engine.hold_at else lambda: True
        for _ in range(3000):
            await pilot.pause(0.01)
            if held() and app.run_state.status == case.state:
                break
        assert app.run_state.status == case.state
        if case.state == "DONE":
            for event in described():
                app.run_state.apply(event)
            app.controller.results = evaluated()
        await pilot.press(*case.keys)
        await pilot.pause()
        await use(pilot, app)
        if isinstance(engine, Script):
            engine.go.set()


PALETTE = Case(done, keys=("ctrl+p",))
