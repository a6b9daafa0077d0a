"""The application under Textual's Pilot: start it, wait for something, read the screen, press keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from engine.config.schema import Config
from engine.config.sources import make_config
from tests.support.textual_private import text_of
from tui_cifar.app.app import CifarApp
from tui_cifar.app.run_controller import RunController
from tui_cifar.run.client import RunClient
from tui_cifar.run.local import Engine, LocalRun, real_engine
from tui_cifar.run.recorded import RecordedRun
from tui_cifar.screens.predictions import PredictionsScreen

LARGE, SMALL = (120, 40), (80, 24)


def make_app(engine: Engine, config: Config | None = None, *, resumed: Path | None = None, **options: Any) -> CifarApp:
    """The application over a run by `engine`, which also runs what is started anew; only a run to resume gets the real one."""

    def host(config: Config, resume: Path | None = None) -> RunClient:
        return LocalRun(config, real_engine(resume) if resume else engine, resumed=resume)

    config = config or make_config({"device": "cpu"})
    return CifarApp(RunController(LocalRun(config, engine, resumed=resumed), config, host), **options)


async def until(pilot: Pilot[None], condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Let the application work until a condition holds."""
    for _ in range(int(seconds / 0.02)):
        await pilot.pause(0.02)
        if condition():
            return
    raise AssertionError(f"it never holds; the screen:\n{screen_text(pilot.app)}")


def screen_text(app: object) -> str:
    """What the terminal shows, as lines of text."""
    assert isinstance(app, CifarApp)
    return text_of(app.screen)


def words(app: object) -> str:
    """What the terminal shows, as if its lines had not been broken."""
    return " ".join(screen_text(app).replace("│", " ").split())


@asynccontextmanager
async def browsing(run: Path, size: tuple[int, int] = LARGE, key: str = "2", **options: Any) -> AsyncIterator[Any]:
    """The application on a finished run, at the screen of `key`."""
    app = CifarApp(RunController(RecordedRun(run), make_config({"runs_dir": str(run.parent)})), **options)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.run_state.ended is not None and app.controller.results is not None)
        await pilot.press(key)
        await pilot.pause(0.1)
        yield app, pilot


def predictions_screen(app: CifarApp) -> PredictionsScreen:
    assert isinstance(app.screen, PredictionsScreen)
    return app.screen


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause(0.05)
