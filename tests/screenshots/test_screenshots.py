"""The screenshots of the README are the screens as they are now, with the images of CIFAR-10."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.color import ColorSystem
from textual.pilot import Pilot

from engine.config.sources import make_config
from tests.screenshots.recorded_run import ARCHIVE, RecordedTraining, inspected_image
from tests.screenshots.svg import to_svg
from tests.support.app import make_app
from tests.support.golden import check_file, draw, steady
from tui_cifar.app.app import CifarApp

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Screenshot:
    """The keys that lead to a screen from the one before, and what a screen reader says of it."""

    keys: tuple[str, ...]
    title: str
    size: tuple[int, int] = (120, 40)


SCREENSHOTS = {
    "dashboard": Screenshot(("right",), "The dashboard while a network trains on CIFAR-10"),
    "predictions": Screenshot(("2", *["pagedown"] * 3), "Validation images with their predicted classes"),
    "confusion": Screenshot(("3", *["down"] * 5, *["right"] * 3), "The confusion matrix, with dogs taken for cats"),
    "grad-cam": Screenshot(("2", "g", "number", "enter", "enter", "m"), "Where the network looked, by Grad-CAM"),
    "dashboard-80x24": Screenshot(("1",), "The dashboard in a terminal of 80 columns and 24 rows", (80, 24)),
}


@pytest.fixture(autouse=True)
def the_same_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """True colour, Greenwich time, and a run directory of the same name."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(time, "localtime", time.gmtime)
    monkeypatch.chdir(tmp_path)


@pytest.mark.skipif(not ARCHIVE.exists(), reason=f"needs {ARCHIVE}")
async def test_the_screenshots_are_the_screens(request: pytest.FixtureRequest) -> None:
    app = make_app(RecordedTraining(), make_config({"recipe": "fast", "epochs": 6, "device": "cpu"}))
    app.resources.start = lambda: None  # type: ignore[method-assign]  # figures of this machine would differ
    app.resources.text = "CPU 99 %  1.0/24 GiB"
    taken: dict[str, str] = {}
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(6000):
            await pilot.pause(0.01)
            if app.controller.results is not None and app.run_state.step:
                break
        for name, screenshot in SCREENSHOTS.items():
            taken[name] = await take(screenshot, pilot, app)
    for name, svg in taken.items():
        check_file(FOLDER / f"{name}.svg", svg, request.config.getoption("--update"), "screenshots")


async def take(screenshot: Screenshot, pilot: Pilot[None], app: CifarApp) -> str:
    await pilot.resize_terminal(*screenshot.size)
    for key in screenshot.keys:
        await pilot.press(*(str(inspected_image()) if key == "number" else (key,)))
        await pilot.pause(0.1)  # a dialog that opens takes the next key
    await steady(pilot, app, screenshot.size)
    colours = app.theme_variables
    rows = draw(app, screenshot.size, ColorSystem.TRUECOLOR).rows
    return to_svg(rows, screenshot.title, colours["foreground"].lower(), colours["background"].lower())
