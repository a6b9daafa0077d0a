"""The application over a run that neither lives in this process nor has ended: it asks what can be done, never which kind it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.config.sources import make_config
from engine.events.commands import Evaluate, InspectImage, Pause, Resume, Save, Stop
from engine.events.types import InspectionFailed, RunFailed, RunPaused, RunResumed, RunStopped
from engine.inspection.types import ImageInspected, Inspection
from tests.support.app import LARGE, SMALL, screen_text, until
from tests.support.elsewhere import ElsewhereRun
from tests.support.events import run_events
from tests.support.textual_private import notices
from tui_cifar.app.app import CifarApp
from tui_cifar.app.run_controller import RunController
from tui_cifar.run.client import Capabilities
from tui_cifar.run.client_events import ProcessFound, ProcessLost
from tui_cifar.run.inspector import Answered
from tui_cifar.screens.dashboard import Dashboard

STEERED = Capabilities(pause=True, save=True, evaluate=True, stop=True, inspect=True)


def make_app(run: ElsewhereRun, runs_dir: Path) -> CifarApp:
    return CifarApp(RunController(run, make_config({"device": "cpu", "runs_dir": str(runs_dir)})))


async def test_keys_are_commands_and_the_footer_shows_what_can_be_done(tmp_path: Path) -> None:
    run = ElsewhereRun(STEERED)
    app = make_app(run, tmp_path)
    async with app.run_test(size=LARGE) as pilot:
        run.emit(*run_events(epochs=1, upto=5))
        await until(pilot, lambda: "space Pause" in screen_text(app) and "s Save now" in screen_text(app))
        await pilot.press("s", "e", "space")
        assert run.commands == [Save(), Evaluate(), Pause()]
        run.capabilities = Capabilities(resume=True, stop=True)
        run.emit(RunPaused(phase="training", epoch=2, step=5))
        await until(pilot, lambda: "space Resume" in screen_text(app))
        assert "Save now" not in screen_text(app) and "Evaluate" not in screen_text(app)
        await pilot.press("s", "e", "space")
        assert run.commands[3:] == [Resume()]


async def test_leaving_does_not_end_it(tmp_path: Path) -> None:
    run = ElsewhereRun(STEERED)
    app = make_app(run, tmp_path)
    async with app.run_test(size=LARGE) as pilot:
        run.emit(*run_events(epochs=1, upto=5))
        await until(pilot, lambda: app.run_state.rows)
        await pilot.press("q")
        await until(pilot, lambda: "Leave it running" in screen_text(app))
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 0 and run.commands == [] and not run.closed


async def test_it_is_stopped_if_that_is_asked_for(tmp_path: Path) -> None:
    run = ElsewhereRun(STEERED)
    app = make_app(run, tmp_path)
    async with app.run_test(size=SMALL) as pilot:
        run.emit(*run_events(epochs=1, upto=5))
        await until(pilot, lambda: app.run_state.rows)
        await pilot.press("q")
        await until(pilot, lambda: "Stop without saving" in screen_text(app))
        await pilot.press("d")
        await until(pilot, lambda: run.commands)
        assert run.commands == [Stop(save=False)] and app.return_code is None, "it waits for the end of the run"
        run.emit(RunStopped(epoch=2, step=5, reason="asked to stop", saved=None, directory=str(tmp_path)))
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 0


async def test_what_others_do_to_it_is_said_unless_it_was_long_ago(tmp_path: Path) -> None:
    run = ElsewhereRun(STEERED)
    app = make_app(run, tmp_path)
    async with app.run_test(size=LARGE) as pilot:
        run.emit(*run_events(epochs=1, upto=5), RunPaused(time=0.0, phase="training", epoch=2, step=5, by="ada"))
        await until(pilot, lambda: app.run_state.status == "PAUSED")
        run.emit(RunResumed(phase="training", epoch=2, step=5, seconds=1.0, by="grace"))
        await until(pilot, lambda: notices(app))
        assert notices(app) == ["grace resumed the run."]
        assert [text for _, text in app.run_state.lines][-2:] == ["Paused by ada", "Resumed by grace"]


async def test_its_process_is_lost_and_found_again(tmp_path: Path) -> None:
    run = ElsewhereRun(STEERED)
    app = make_app(run, tmp_path)
    async with app.run_test(size=LARGE) as pilot:
        run.capabilities = Capabilities(inspect=True)
        run.emit(*run_events(epochs=1, upto=5), ProcessLost())
        await until(pilot, lambda: "CRASHED" in screen_text(app))
        assert "To resume: cifar-tui --resume" in notices(app)[-1]
        await until(pilot, lambda: "Save now" not in screen_text(app))
        run.capabilities = STEERED
        run.emit(ProcessFound(), *run_events(epochs=2, upto=5))
        await until(pilot, lambda: "TRAINING" in screen_text(app) and "Save now" in screen_text(app))


async def test_its_failure_is_on_the_dashboard_and_not_the_outcome_of_this_process(tmp_path: Path) -> None:
    run = ElsewhereRun(STEERED)
    app = make_app(run, tmp_path)
    async with app.run_test(size=LARGE) as pilot:
        run.emit(*run_events(epochs=1, upto=5), RunFailed(title="Out of memory", message="Too large.", kind="memory"))
        run.alive = False
        await until(pilot, lambda: "Out of memory" in screen_text(app) and "FAILED" in screen_text(app))
        assert isinstance(app.screen, Dashboard)
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 0 and app.controller.outcome is None


async def test_answers_about_images_find_whoever_asked(tmp_path: Path) -> None:
    run = ElsewhereRun(STEERED)
    app = make_app(run, tmp_path)
    answers: list[Answered] = []
    post = answers.append
    image = np.zeros((32, 32, 3), dtype=np.uint8)
    async with app.run_test(size=LARGE) as pilot:
        for key in ("first", "second"):
            app.controller.inspect(image, key, post)  # type: ignore[arg-type]
        first, second = (c.id for c in run.commands if isinstance(c, InspectImage))
        run.emit(
            InspectionFailed(id="of another dashboard", reason="no"),
            InspectionFailed(id=second, reason="not an image"),
            ImageInspected(id=first, inspection=inspection(image)),
        )
        await until(pilot, lambda: len(answers) == 2)
        assert [(a.key, type(a.answer)) for a in answers] == [("second", str), ("first", Inspection)]
        run.capabilities = Capabilities()
        app.controller.inspect(image, "third", post)  # type: ignore[arg-type]
        assert answers[-1].answer == "There is no network yet."


def inspection(image: np.ndarray) -> Inspection:
    """Of a network that has learned nothing."""
    empty = np.zeros((0, 32, 32), dtype=np.float32)
    return Inspection(
        image=image,
        class_names=("cat", "dog"),
        probabilities=np.array([0.5, 0.5], dtype=np.float32),
        epoch=1,
        step=0,
        network_input=image.astype(np.float32),
        draws=np.zeros((0, 32, 32, 3), dtype=np.uint8),
        cams=empty,
        cam_classes=(),
        maps=(),
        filters=np.zeros((0, 1, 1, 3), dtype=np.float32),
    )
