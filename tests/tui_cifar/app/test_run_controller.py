"""Following a run: its state, its predictions, and another run in its place."""

from __future__ import annotations

from pathlib import Path

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.events.types import ValidationPredictionsSaved
from tests.support.elsewhere import ElsewhereRun
from tests.support.events import run_events, run_started
from tui_cifar.app.run_controller import RunController
from tui_cifar.run.client import Capabilities, RunClient

CONFIG = make_config({"device": "cpu"})


async def test_events_are_folded_into_the_state(tmp_path: Path) -> None:
    run = ElsewhereRun(Capabilities())
    controller = RunController(run, CONFIG)
    woken: list[bool] = []
    controller.wake = lambda: woken.append(True)
    assert controller.take_events() == [] and controller.directory is None
    await controller.start()
    run.emit(run_started(directory=str(tmp_path)))
    assert woken and len(controller.take_events()) == 1
    assert controller.state.started is not None and controller.directory == tmp_path


async def test_the_newest_evaluation_is_shown_unless_a_screen_holds_on_to_another(tmp_path: Path) -> None:
    run = ElsewhereRun(Capabilities())
    controller = RunController(run, CONFIG)
    await controller.start()
    first, second = (ValidationPredictionsSaved(path="validation.npz", epoch=epoch) for epoch in (1, 2))
    run.emit(run_started(directory=str(tmp_path)), first)
    controller.take_events()
    assert controller.newer is first and controller.saved("valid") is first and controller.saved("test") is None
    controller.follow(lambda newer: True)
    assert controller.shown is first, "there was nothing to hold on to"
    assert controller.results is None and "validation.npz" in controller.results_missing, "the file is not there"
    run.emit(second)
    controller.take_events()
    controller.follow(lambda newer: False)
    assert controller.shown is second and controller.newer is None


async def test_a_run_is_started_again_with_other_settings() -> None:
    hosted: list[Config] = []
    again = ElsewhereRun(Capabilities(hosted=True))

    def host(config: Config, resume: Path | None = None) -> RunClient:
        hosted.append(config)
        return again

    run = ElsewhereRun(Capabilities())
    controller = RunController(run, CONFIG, host)
    await controller.start()
    run.emit(*run_events(epochs=2, test=True))
    controller.take_events()
    assert controller.ended and controller.outcome is None, "it was not trained in this process"
    await controller.start_again({"dataset": "shapes"})
    assert controller.client is again and again.alive and hosted == [controller.config]
    assert controller.config.data.dataset == "shapes"
    assert not controller.ended and not controller.state.rows, "nothing of the run before is shown"
