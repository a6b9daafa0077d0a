"""Thousands of random keys and mouse events on every screen, at sizes from 1x1, while training: nothing breaks, nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from engine.checkpoint import load_checkpoint
from engine.config import Config
from engine.events import RunFailed
from engine.run_directory import read_events
from tests.scripted import Script
from tests.test_app import make_app
from tui_cifar.app import CifarApp
from tui_cifar.worker import Engine, real_engine

KEYS = (
    *"abcdefghijklmnopqrstuvwxyz0123456789?/+-[]<>.,:",
    *(
        "space",
        "enter",
        "escape",
        "tab",
        "shift+tab",
        "up",
        "down",
        "left",
        "right",
        "home",
        "end",
        "pageup",
        "pagedown",
    ),
    *("ctrl+p", "backspace", "delete", "f1", "ctrl+c"),
)
SIZES = ((1, 1), (2, 40), (40, 2), (5, 3), (20, 8), (80, 24), (110, 32), (120, 40), (200, 60))


async def act(pilot: Pilot[None], rng: random.Random) -> None:
    """One random thing that a user may do."""
    app, what = pilot.app, rng.random()
    if what < 0.7:
        await pilot.press(rng.choice(KEYS))
    elif what < 0.95:
        x, y = rng.randrange(max(1, app.size.width)), rng.randrange(max(1, app.size.height))
        kind = rng.choice(
            (events.MouseDown, events.MouseUp, events.MouseMove, events.MouseScrollUp, events.MouseScrollDown)
        )
        button = rng.choice((0, 1, 1, 1, 2, 3))
        app.screen._forward_event(
            kind(None, x, y, 0, 0, button, rng.random() < 0.1, False, rng.random() < 0.1, screen_x=x, screen_y=y)
        )
        await pilot.pause()
    else:
        await pilot.resize_terminal(*rng.choice(SIZES))


async def play(make: Callable[[int], CifarApp], seed: int, count: int) -> None:
    """`count` random actions, in as many sessions as that takes: some end by a quit that was confirmed."""
    rng, done, session = random.Random(seed), 0, 0
    while done < count:
        app = make(session)
        session += 1
        async with app.run_test(size=rng.choice(SIZES)) as pilot:
            while done < count and app._exit is False:
                done += 1
                try:
                    await act(pilot, rng)
                except Exception as e:
                    raise AssertionError(
                        f"seed {seed}, action {done}, session {session}: {type(e).__name__}: {e}"
                    ) from e
        app.worker.control.stop()
        assert not app.worker._thread.ident or app.worker.join(60)
        for event in app.worker.take():
            app.view.apply(event)
        assert not isinstance(app.view.terminal, RunFailed), f"seed {seed}: {app.view.terminal}"


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_few_hundred_random_actions_on_a_script(seed: int) -> None:
    def engine() -> Engine:
        script = Script(epochs=3, hold_at=(2, 5) if seed % 2 else None)
        return script

    await play(lambda _: make_app(engine()), seed, 150)


@pytest.mark.long
@pytest.mark.parametrize("seed", [3, 4])
async def test_hundreds_of_random_actions_while_training(
    seed: int, quick: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    precious = [tmp_path / "precious", tmp_path / "runs" / "precious"]
    (tmp_path / "runs").mkdir()
    for path in precious:
        path.write_text("precious")

    def make(session: int) -> CifarApp:
        # Epochs of some seconds: of a few pictures there would be dozens a second, and nothing else to see.
        config = quick(name=f"run-{session}", dataset="shapes", batch_size=100, epochs=1 if session % 2 else 10_000)
        return make_app(real_engine(None), config)

    await play(make, seed, 300)
    assert all(path.read_text() == "precious" for path in precious)
    for run in (tmp_path / "runs").glob("run-*"):
        for checkpoint in (run / "checkpoints").iterdir():
            load_checkpoint(checkpoint)
        if (run / "events.jsonl").exists():
            assert len(list(read_events(run / "events.jsonl"))) == len((run / "events.jsonl").read_text().splitlines())
