"""`cifar-tui bench look`: what images and screens of predictions cost to draw.

Opening the browser on 10,000 predictions, filtering, sorting, paging and drawing; medians over repetitions. The images are random
noise, the most expensive case: no two cells share their colours.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.config.sources import make_config
from engine.events.codec import to_json
from engine.events.types import Event, PredictionsSaved, RunCompleted, RunStarted
from engine.storage.predictions import FILE, Predictions, cache_images, write_predictions
from tui_cifar.bench.support.report import table
from tui_cifar.cli.arguments import Parser
from tui_cifar.render.images.blocks import half_block_lines, quadrant_lines
from tui_cifar.render.images.cells import image_lines
from tui_cifar.run.predictions import open_results
from tui_cifar.run.selection import MOST_CONFIDENTLY_WRONG, ORDERS, Selection, select

if TYPE_CHECKING:
    from textual.screen import Screen

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
COUNT = 10_000


@dataclass(frozen=True)
class Measured:
    """How long something took each time, and how long it may take."""

    what: str
    seconds: list[float]
    target: float


def run(arguments: list[str]) -> int:
    parser = Parser(prog="cifar-tui bench look", description=__doc__.partition("\n\n")[2])
    parser.add_argument("--repeat", type=int, default=15, metavar="N", help="how often to repeat each measurement [15]")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args(arguments)
    repeat = max(1, options.repeat)
    with tempfile.TemporaryDirectory() as folder:
        path = make_run(Path(folder))
        measured = [*_browsing(path, repeat), *_drawing(repeat), *asyncio.run(_in_the_application(path, repeat))]
    if options.json:
        print(json.dumps({m.what: {"seconds": m.seconds, "target": m.target} for m in measured}))
        return 0
    rows = [
        (
            m.what,
            f"{statistics.median(m.seconds) * 1e3:.1f} ms",
            f"{max(m.seconds) * 1e3:.1f} ms",
            f"{m.target * 1e3:.0f} ms",
        )
        for m in measured
    ]
    print(table(("", "median", "worst", "target"), rows))
    return 0


def make_run(folder: Path) -> Path:
    """The directory of a run with 10,000 predictions of a network that is correct about three times in four."""
    rng = np.random.default_rng(0)
    path = folder / "run"
    path.mkdir()
    labels = rng.integers(0, len(NAMES), COUNT)
    logits = rng.normal(0, 1.5, (COUNT, len(NAMES)))
    logits[np.arange(COUNT), labels] += 3
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    images = rng.integers(0, 256, (COUNT, 32, 32, 3), dtype=np.uint8)
    images_path = cache_images(folder / ".cache", "bench", images)
    write_predictions(path / FILE, Predictions(probabilities.astype(np.float32), labels, NAMES, 1, 0, images_path))
    (path / "events.jsonl").write_text("".join(f"{to_json(e)}\n" for e in _events(path)), encoding="utf-8")
    return path


def _events(path: Path) -> list[Event]:
    started = RunStarted(
        name="bench",
        directory=str(path),
        config=make_config({"device": "cpu"}).as_dict(),
        device="cpu",
        device_name="",
        reason="",
        dataset="cifar10",
        counts={"train": 40_000, "valid": 10_000, "test": COUNT},
        class_names=NAMES,
        parameters=1,
        epochs=1,
        steps_per_epoch=1,
        threads=1,
        precision="float32",
        memory_format="channels_last",
        versions={},
    )
    completed = RunCompleted(
        epochs=1,
        seconds=1.0,
        test_accuracy=0.7,
        test_loss=1.0,
        best_epoch=1,
        best_valid_loss=1.0,
        best_valid_accuracy=0.7,
    )
    return [started, PredictionsSaved(path=str(path / FILE), epoch=1, step=0, accuracy=0.7), completed]


def _timed(action: Callable[[], object], repeat: int) -> list[float]:
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return seconds


def _browsing(path: Path, repeat: int) -> list[Measured]:
    """Opening, filtering and sorting the predictions."""
    selections = {
        "filter: misclassified": Selection("misclassified"),
        "filter: true and predicted class": Selection(true=3, predicted=5),
        **{f"order: {names[0]}": Selection(order=order) for order, names in ORDERS.items()},
        "misclassified, most confident first": MOST_CONFIDENTLY_WRONG,
    }
    found = [
        Measured(
            "open 10,000 predictions", _timed(lambda: select(open_results(path / FILE), Selection()), repeat), 0.15
        )
    ]
    for name, selection in selections.items():
        # Opened anew each time, so that nothing is known from the time before.
        fresh = [open_results(path / FILE) for _ in range(repeat)]
        seconds = _timed(lambda s=selection, f=fresh: select(f.pop(), s), repeat)  # type: ignore[misc]
        found.append(Measured(name, seconds, 0.05))
    return found


def _drawing(repeat: int) -> list[Measured]:
    """A screen full of noise, in every way that images are drawn."""
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (80, 120, 3), dtype=np.uint8)
    fine = rng.integers(0, 256, (80, 240, 3), dtype=np.uint8)
    ways: dict[str, Callable[[], object]] = {
        **{mode: lambda m=mode: half_block_lines(pixels, m) for mode in ("truecolor", "256", "16")},  # type: ignore[misc]
        "quadrants": lambda: quadrant_lines(fine),
        "letters": lambda: image_lines(pixels, "ascii"),
    }
    return [Measured(f"draw 120×40 cells, {name}", _timed(draw, repeat), 0.005) for name, draw in ways.items()]


async def _in_the_application(path: Path, repeat: int) -> list[Measured]:
    """Opening the browser and turning pages, until the bytes for the terminal are made."""
    from tui_cifar.app.app import CifarApp
    from tui_cifar.app.run_controller import RunController
    from tui_cifar.run.recorded import RecordedRun
    from tui_cifar.screens.predictions import PredictionsScreen
    from tui_cifar.terminal.textual_private import Update, screen_strips

    frames: list[tuple[float, bool]] = []

    class TimedApp(CifarApp):
        """Records when the bytes of a frame are ready for the terminal, and whether there are images in it."""

        CSS_PATH = str(Path(__file__).parents[1] / "app" / "app.tcss")

        def show_update(self, screen: Screen[Any], update: Update) -> None:
            if screen is self.screen:
                sent = update.render_segments(self.console)
                frames.append((time.perf_counter(), "▀" in sent))
            super().show_update(screen, update)

    app = TimedApp(RunController(RecordedRun(path), make_config({"runs_dir": str(path.parent), "device": "cpu"})))
    async with app.run_test(size=(120, 40)) as pilot:
        while app.run_state.ended is None or app.controller.results is None:
            await pilot.pause(0.05)
        predictions = app.run_screens["predictions"]
        assert isinstance(predictions, PredictionsScreen)

        def turn_page() -> None:
            predictions.grid.action_page(1)
            for strip in screen_strips(app.screen):
                strip.render(app.console)

        frames.clear()
        start = time.perf_counter()
        await pilot.press("2")
        while not any(images for _, images in frames):
            await pilot.pause(0.02)
        await pilot.pause(0.2)
        first = next(at for at, images in frames if images)
        found = [
            Measured("open the browser: first frame with images", [first - start], 0.15),
            Measured("open the browser: last frame", [frames[-1][0] - start], 0.15),
        ]
        await pilot.press("z")
        for size in ((120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            turn_page()
            found.append(Measured(f"turn a page at {size[0]}×{size[1]}", _timed(turn_page, repeat), 0.05))
    return found


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
