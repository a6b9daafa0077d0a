"""Every screen at every size against kept text, in other themes and depths of colour, and in plain characters."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
import pytest
from rich.color import ColorSystem
from textual.filter import ANSIToTruecolor
from textual.pilot import Pilot

from engine.config.schema import Config, make_config
from engine.events.types import DataDescribed, Event, LayerDescribed, ModelDescribed, RunFailed, SplitDescribed
from engine.session.session import Listener
from engine.storage.predictions import Predictions
from engine.training.control import Control
from tests.support.golden import SIZES, Golden, draw, steady
from tests.support.scripted import NAMES, Script
from tui_cifar.app.app import CifarApp
from tui_cifar.run.local import Engine
from tui_cifar.run.predictions import Results


def failing(kind: str) -> Engine:
    """An engine that fails at once."""

    def engine(config: Config, control: Control, tell: Listener) -> object:
        tell(RunFailed(title="Loss is not a number", message="In epoch 3, batch 7.", kind=kind, detail="Traceback …"))
        return None

    return engine


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


@pytest.fixture(autouse=True)
def fixed_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always 21:44:02, on a terminal with true colour."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    moment = time.struct_time((2026, 11, 24, 21, 44, 2, 1, 328, 0))
    monkeypatch.setattr(time, "localtime", lambda seconds=None: moment)


async def reach(
    case: Case, use: Callable[[Pilot[None], CifarApp], Awaitable[None]], *, ascii: bool = False, images: str = "half"
) -> None:
    """Bring the application to a screen and hand it over."""
    engine = case.engine()
    app = CifarApp(make_config({"device": "cpu"}), engine, ascii=ascii, images="ascii" if ascii else images)
    app.resources.start = lambda: None  # type: ignore[method-assign]  # figures of this machine would differ
    async with app.run_test(size=(120, 40)) as pilot:
        held = engine.holding.is_set if isinstance(engine, Script) and engine.hold_at else lambda: True
        for _ in range(3000):
            await pilot.pause(0.01)
            if held() and app.view.state == case.state:
                break
        assert app.view.state == case.state
        if case.state == "TRAINING":
            app._poll_timer.pause()  # what is on the screen stays
        if case.state == "DONE":
            for event in described():
                app.view.apply(event)
            app.results = evaluated()
        await pilot.press(*case.keys)
        await pilot.pause()
        await use(pilot, app)
        if isinstance(engine, Script):
            engine.go.set()


STEADY = [name for name, case in CASES.items() if case.state != "TRAINING"]
"""Screens that hold nothing of how far a run under way is, which the moment decides."""


@pytest.mark.parametrize("name", STEADY)
async def test_a_screen_looks_as_it_did(name: str, request: pytest.FixtureRequest) -> None:
    golden = Golden(name)

    async def use(pilot: Pilot[None], app: CifarApp) -> None:
        for size in SIZES:
            await golden.take(pilot, size)

    await reach(CASES[name], use)
    golden.check(request.config.getoption("--update"))


@pytest.mark.long
@pytest.mark.parametrize("theme", ["cifar-light", "ansi-dark", "ansi-light"])
async def test_a_theme_changes_colours_alone(theme: str) -> None:
    async def use(pilot: Pilot[None], app: CifarApp) -> None:
        before = await steady(pilot, app, (120, 40))
        app.theme = theme
        await pilot.pause()
        assert await steady(pilot, app, (120, 40)) == before
        wanted = {None: set(), ColorSystem.STANDARD: {"38", "48"}}
        for depth, never in wanted.items():
            looks = {look for row in draw(app, (120, 40), depth).rows for _, look in row}
            parts = {part.partition(";")[0] for _, *colours in looks for part in colours if part}
            assert not parts & never and (depth is not None or not parts)

    # Images are drawn for the depth of the terminal, and as letters are reversed in light themes.
    await reach(CASES["dashboard"], use, images="off")


PALETTE = Case(done, keys=("ctrl+p",))


@pytest.mark.parametrize("name", [*CASES, "palette"])
async def test_plain_characters_alone_reach_the_terminal(name: str) -> None:
    async def use(pilot: Pilot[None], app: CifarApp) -> None:
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            text = "".join(character for row in draw(app, size, None, ascii=True).rows for character, _ in row)
            assert text.isascii() and text.strip()
            assert len(text) == size[0] * size[1], "every character takes one cell"

    await reach({**CASES, "palette": PALETTE}[name], use, ascii=True)


def test_the_terminals_own_colours_stay_from_the_first_frame_on() -> None:
    for theme, light in (("ansi-light", True), ("ansi-dark", False)):
        app = CifarApp(make_config({"device": "cpu"}), done(), theme=theme)
        assert app.has_class("-light-mode") == light and app.has_class("-dark-mode") != light
        assert not any(f.enabled for f in app._filters if isinstance(f, ANSIToTruecolor))
