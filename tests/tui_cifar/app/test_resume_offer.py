"""The question at the start about a run that was left unfinished, and what is shown of a resumed run's past."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config.schema import Config
from engine.events.commands import Stop
from engine.events.log import read_events
from engine.events.types import LossSampled, RunCompleted, RunStopped, ValidationStarted
from tests.support.app import SMALL, make_app, until, words
from tests.support.runs import train
from tests.support.scripted import Script
from tui_cifar.render.text.format import short_path
from tui_cifar.run.resume import find_unfinished, recall
from tui_cifar.screens.dialogs.resume import ResumeDialog

Quick = Callable[..., Config]


@pytest.fixture
def unfinished(quick: Quick, tmp_path: Path) -> Path:
    """A run stopped in its third epoch of four."""

    def act(event: object, control: object) -> None:
        if isinstance(event, LossSampled) and (event.epoch, event.step) == (3, 2):
            control.send(Stop())  # type: ignore[attr-defined]

    assert isinstance(train(quick(epochs=4), act).events[-1], RunStopped)
    return tmp_path / "runs" / "run"


def test_the_newest_run_that_agrees_with_the_flags_is_found(unfinished: Path, quick: Quick) -> None:
    runs = unfinished.parent
    found = find_unfinished(runs, {})
    assert found is not None and (found.path, found.epoch, found.step) == (unfinished, 3, 2)
    assert find_unfinished(runs, {"epochs": 4, "runs_dir": "x"}) == found
    assert find_unfinished(runs, {"epochs": 9}) is None, "that would be another run"
    train(quick(name="done", epochs=1))
    assert find_unfinished(runs, {}) == found, "a finished run is not offered"
    with (unfinished / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert find_unfinished(runs, {}) is None, "another process works on it"
    (unfinished / "config.json").write_text("{")
    assert find_unfinished(runs, {}) is None, "its settings are lost"


async def test_it_is_offered_and_resumed_with_its_past_on_the_screen(unfinished: Path, quick: Quick) -> None:
    app = make_app(Script(), quick(name="other"), offer=find_unfinished(unfinished.parent, {}))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ResumeDialog))
        wanted = ("saved at epoch 3 of 4, batch 2", "Resume", "Start a new run")
        await until(pilot, lambda: all(w in words(app) for w in wanted))
        assert not app.controller.client.alive, "nothing starts before the answer"
        await pilot.press("r")
        await until(pilot, lambda: app.run_state.status == "DONE", 60)
        assert [r.epoch for r in app.run_state.rows] == [1, 2, 3, 4]
        assert len(app.run_state.points) == 4 * 8, "the curve has no gap and no part twice"
    assert isinstance(list(read_events(unfinished / "events.jsonl"))[-1], RunCompleted)


@pytest.mark.parametrize(("key", "started"), [("n", True), ("q", False)])
async def test_it_can_be_declined(unfinished: Path, quick: Quick, key: str, started: bool) -> None:
    app = make_app(Script(epochs=1), quick(name="other"), offer=find_unfinished(unfinished.parent, {}))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ResumeDialog))
        await pilot.press(key)
        await until(pilot, lambda: app.run_state.status == "DONE" if started else app.return_code is not None)
    assert app.return_code == (None if started else 0)
    assert isinstance(list(read_events(unfinished / "events.jsonl"))[-1], RunStopped), "the other run is as it was"


async def test_the_palette_resumes_once_a_run_has_ended(unfinished: Path, quick: Quick) -> None:
    script = Script(epochs=1, hold_at=(1, 2))
    app = make_app(script, quick(name="other"))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, script.holding.is_set)
        assert not [c for c in app.get_system_commands(app.screen) if c.title.startswith("Resume ")]
        script.go.set()
        await until(pilot, lambda: app.run_state.status == "DONE" and not app.controller.client.alive)
        command = next(c for c in app.get_system_commands(app.screen) if c.title == "Resume run")
        command.callback()
        await until(pilot, lambda: app.run_state.status == "DONE" and len(app.run_state.rows) == 4, 60)


def test_a_recalled_run_waits_for_its_start(unfinished: Path) -> None:
    view = recall(unfinished)
    assert view.status == "PREPARING" and view.ended is None and view.started is None
    assert [r.epoch for r in view.rows] == [1, 2] and view.points and view.checkpoints
    assert recall(unfinished / "nowhere").rows == []


def test_nothing_saved_yet_starts_at_the_first_batch(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1), lambda e, c: c.send(Stop(save=False)) if isinstance(e, ValidationStarted) else None)
    r = train(quick(epochs=1), resume=tmp_path / "runs" / "run")
    assert isinstance(r.events[-1], RunCompleted)
    whole = train(quick(epochs=1, name="whole"))
    assert r.of(RunCompleted)[0].test_loss == whole.of(RunCompleted)[0].test_loss


def test_a_path_under_home_is_shown_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada/")
    assert [short_path(p) for p in ("/home/ada/images", "/home/adam/x", "cifar10", "/data")] == [
        "~/images",
        "/home/adam/x",
        "cifar10",
        "/data",
    ]
