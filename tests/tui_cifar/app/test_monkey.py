"""Thousands of random keys and mouse events on every screen, at sizes from 1x1, while training: nothing breaks, nothing is lost."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot

from engine.config.schema import Config
from engine.events.commands import Stop
from engine.events.log import read_events
from engine.events.types import RunFailed
from engine.storage.checkpoint import load_checkpoint
from tests.support.app import make_app
from tests.support.scripted import Script
from tests.support.textual_private import key_of
from tui_cifar.app.app import CifarApp
from tui_cifar.run.local import Engine, real_engine

SEEDS, ACTIONS = range(3, 11), 500
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


GOALS = (*"123456?iq", "ctrl+p")
"""Keys that lead to a screen."""
SCREENS = {
    *("Dashboard", "PredictionsScreen", "ConfusionScreen", "DataScreen", "ModelScreen", "LogScreen"),
    *("HelpDialog", "QuitDialog", "OwnImageDialog", "Palette"),
}


def press(app: App[None], key: str) -> None:
    """A key as a terminal sends it.

    Not by the pilot, which waits after each key for the process to be idle: in training it is not, and that takes 2 s.
    """
    name = key_of(key) if len(key) == 1 else key
    app.post_message(events.Key(name, key if len(key) == 1 else " " if key == "space" else None))


async def act(pilot: Pilot[None], rng: random.Random) -> None:
    """One random thing that a user may do."""
    app, what = pilot.app, rng.random()
    if what < 0.65:
        press(app, rng.choice(KEYS))
    elif what < 0.9:
        x, y = rng.randrange(max(1, app.size.width)), rng.randrange(max(1, app.size.height))
        kind = rng.choice(
            (events.MouseDown, events.MouseUp, events.MouseMove, events.MouseScrollUp, events.MouseScrollDown)
        )
        button = rng.choice((0, 1, 1, 1, 2, 3))
        held = rng.random() < 0.1, False, rng.random() < 0.1
        app.post_message(kind(None, x, y, 0, 0, button, *held, screen_x=x, screen_y=y))
        if kind is events.MouseDown and rng.random() < 0.8:
            app.post_message(events.MouseUp(None, x, y, 0, 0, button, *held, screen_x=x, screen_y=y))
    elif what < 0.94:
        press(app, "escape")
        await pilot.pause(0)
        press(app, rng.choice(GOALS))
    elif what < 0.96:
        app.post_message(events.Paste(rng.choice(("", "runs", "/dev/null", "\x1b[2J", "é\n" * 50, "x" * 5000))))
    else:
        await pilot.resize_terminal(*rng.choice(SIZES))
    if rng.random() < 0.7:  # else the next one comes before this one is dealt with
        await pilot.pause(0)


async def play(make: Callable[[int], CifarApp], seed: int, count: int) -> Counter[str]:
    """`count` random actions, in as many sessions as that takes: some end by a quit that was confirmed.

    Returns:
        How often each screen was met.
    """
    rng, done, session = random.Random(seed), 0, 0
    met = Counter[str]()
    while done < count:
        app = make(session)
        session += 1
        try:
            async with app.run_test(size=rng.choice(SIZES)) as pilot:
                while done < count and not app.is_exiting:
                    done += 1
                    await act(pilot, rng)
                    if app.screen_stack:
                        met[type(app.screen).__name__] += 1
        except Exception as e:
            raise AssertionError(f"seed {seed}, action {done}, session {session}: {type(e).__name__}: {e}") from e
        app.controller.client.send(Stop())
        assert app.controller.client.join(60), f"seed {seed}, session {session}: it goes on"
        app.controller.take_events()
        assert not isinstance(app.run_state.ended, RunFailed), f"seed {seed}: {app.run_state.ended}"
    return met


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_few_hundred_random_actions_on_a_script(seed: int) -> None:
    def engine() -> Engine:
        script = Script(epochs=3, hold_at=(2, 5) if seed % 2 else None)
        return script

    await play(lambda _: make_app(engine()), seed, 200)


@pytest.mark.long
async def test_thousands_of_random_actions_while_training(
    quick: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    precious = [tmp_path / "precious", tmp_path / "runs" / "precious"]
    (tmp_path / "runs").mkdir()
    for path in precious:
        path.write_text("precious")

    began, met = time.monotonic(), Counter[str]()
    for seed in SEEDS:

        def make(session: int, seed: int = seed) -> CifarApp:
            # Some runs have epochs of a second, some dozens of epochs a second, some end of themselves.
            kind: dict[str, Any] = [
                {"dataset": "shapes", "batch_size": 100, "epochs": 10_000},
                {"epochs": 3},
                {"epochs": 10_000},
            ][session % 3]
            return make_app(real_engine(None), quick(name=f"run-{seed}-{session}", **kind))

        met += await play(make, seed, ACTIONS)
    assert set(met) >= SCREENS, f"never met: {SCREENS - set(met)}"
    assert all(path.read_text() == "precious" for path in precious)
    runs = list((tmp_path / "runs").glob("run-*"))
    for run in runs:
        for checkpoint in (run / "checkpoints").iterdir():
            load_checkpoint(checkpoint)
        if (run / "events.jsonl").exists():
            assert len(list(read_events(run / "events.jsonl"))) == len((run / "events.jsonl").read_text().splitlines())
    with capsys.disabled():
        print(
            f"\n{len(SEEDS) * ACTIONS} actions on {len(runs)} runs in {time.monotonic() - began:.0f} s: "
            + ", ".join(f"{name} {n}" for name, n in met.most_common())
        )
