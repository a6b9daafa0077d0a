"""Every screen at every size, in every theme and depth of colour, against kept text; and in plain characters."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from textual.pilot import Pilot

from engine.config import Config, make_config
from engine.control import Control
from engine.events import RunFailed
from engine.session import Listener
from tests.golden import SIZES, Golden, draw
from tests.scripted import Script
from tui_cifar.app import CifarApp
from tui_cifar.worker import Engine


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
    "loss": Case(done, keys=("1",)),
    "epochs": Case(done, keys=("2",)),
    "classes": Case(done, keys=("3",)),
    "pictures": Case(done, keys=("4",)),
    "checkpoints": Case(done, keys=("5",)),
    "log": Case(done, keys=("6",)),
    "dashboard": Case(done),
    "training": Case(lambda: Script(epochs=3, hold_at=(2, 5)), "TRAINING"),
    "help": Case(done, keys=("question_mark",)),
    "leave": Case(lambda: Script(epochs=3, hold_at=(2, 5)), "TRAINING", ("q",)),
    "failure": Case(lambda: failing("non_finite_loss"), "FAILED"),
    "data-missing": Case(lambda: failing("data_unavailable"), "FAILED"),
}
"""Another screen is another line here."""


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always 21:44:02."""
    moment = time.struct_time((2026, 11, 24, 21, 44, 2, 1, 328, 0))
    monkeypatch.setattr(time, "localtime", lambda seconds=None: moment)


async def reach(case: Case, use: Callable[[Pilot[None], CifarApp], Awaitable[None]], *, ascii: bool = False) -> None:
    """Bring the application to a screen and hand it over."""
    engine = case.engine()
    app = CifarApp(make_config({"device": "cpu"}), engine, ascii=ascii, images="ascii" if ascii else "half")
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
        await pilot.press(*case.keys)
        await pilot.pause()
        await use(pilot, app)
        if isinstance(engine, Script):
            engine.go.set()


STEADY = [name for name, case in CASES.items() if case.state != "TRAINING"]
"""Screens that hold nothing of how far a run under way is, which the moment decides."""


@pytest.mark.long
@pytest.mark.parametrize("name", STEADY)
async def test_a_screen_looks_as_it_did(name: str, request: pytest.FixtureRequest) -> None:
    golden = Golden(name)

    async def use(pilot: Pilot[None], app: CifarApp) -> None:
        for size in SIZES:
            await golden.take(pilot, size)

    await reach(CASES[name], use)
    golden.check(request.config.getoption("--update"))


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
