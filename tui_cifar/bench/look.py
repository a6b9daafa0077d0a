"""How long it takes to open the browser on 10,000 predictions, to filter, order, page and draw. Medians of repeated runs.

What is drawn is random, the dearest case: no two cells share their colours.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.session.session import Listener
from engine.storage.predictions import FILE, Predictions, cache_images, write_predictions
from engine.training.control import Control
from tui_cifar.cli.arguments import Parser
from tui_cifar.render.images.blocks import half_block_lines, quadrant_lines
from tui_cifar.render.images.cells import image_lines
from tui_cifar.run.predictions import open_results
from tui_cifar.run.selection import ORDERS, Selection, select

if TYPE_CHECKING:
    from textual.screen import Screen

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
COUNT = 10_000


def run(arguments: list[str]) -> int:
    """Print a table: what, median, worst, target."""
    parser = Parser(prog="cifar-tui bench look", usage="cifar-tui bench look [--repeat N]", description=__doc__)
    parser.add_argument("--repeat", type=int, default=15, metavar="N", help="times that each thing is done [15]")
    repeat = max(1, parser.parse_args(arguments).repeat)
    with tempfile.TemporaryDirectory() as folder:
        path = make_run(Path(folder))
        rows = [*_pure(path, repeat), *asyncio.run(_screen(path, repeat))]
    sys.stdout.write(f"{'':44}{'median':>9}{'worst':>9}{'target':>9}\n")
    for what, seconds, target in rows:
        middle, worst = statistics.median(seconds) * 1e3, max(seconds) * 1e3
        sys.stdout.write(f"{what:44}{middle:>6.1f} ms{worst:>6.1f} ms{target:>6.0f} ms\n")
    return 0


def make_run(folder: Path) -> Path:
    """A run directory with 10,000 predictions of a network that is right about three times in four."""
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
    return path


def _timed(action: Callable[[], object], repeat: int) -> list[float]:
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return seconds


def _pure(path: Path, repeat: int) -> list[tuple[str, list[float], float]]:
    """What needs no screen."""

    def opened() -> None:
        results = open_results(path / FILE)
        select(results, Selection())

    rows = [("open 10,000 predictions", _timed(opened, repeat), 150.0)]
    filters = {
        "filter: wrong": Selection("wrong"),
        "filter: true and predicted class": Selection(true=3, predicted=5),
        **{f"order: {words[0]}": Selection(order=order) for order, words in ORDERS.items()},
        "wrong only, most confident first": Selection("misclassified", order="confidence"),
    }
    for name, selection in filters.items():
        # A fresh reading each time, so that no figure worked out before helps.
        fresh = [open_results(path / FILE) for _ in range(repeat)]
        rows.append((name, _timed(lambda s=selection, f=fresh: select(f.pop(), s), repeat), 50.0))  # type: ignore[misc]
    screen = np.random.default_rng(1).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    for mode in ("truecolor", "256", "16"):
        rows.append((f"draw 120×40 cells, {mode}", _timed(lambda m=mode: half_block_lines(screen, m), repeat), 5.0))  # type: ignore[misc]
    fine = np.random.default_rng(1).integers(0, 256, (80, 240, 3), dtype=np.uint8)
    rows.append(("draw 120×40 cells, quadrants", _timed(lambda: quadrant_lines(fine), repeat), 5.0))
    rows.append(("draw 120×40 cells, letters", _timed(lambda: image_lines(screen, "ascii"), repeat), 5.0))
    return rows


async def _screen(path: Path, repeat: int) -> list[tuple[str, list[float], float]]:
    """A page turn and the opening of the browser in the application, until the bytes for the terminal are made."""
    from engine.events.types import PredictionsSaved, RunCompleted, RunStarted
    from tui_cifar.app.app import CifarApp
    from tui_cifar.app.run_controller import RunController
    from tui_cifar.run.local import LocalRun
    from tui_cifar.screens.predictions import PredictionsScreen
    from tui_cifar.terminal.textual_private import Update, screen_strips

    config = make_config({"device": "cpu"})
    started = RunStarted(
        name="bench",
        directory=str(path),
        config=config.as_dict(),
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
    events = [
        started,
        PredictionsSaved(path=str(path / FILE), epoch=1, step=0, accuracy=0.7),
        RunCompleted(
            epochs=1,
            seconds=1.0,
            test_accuracy=0.7,
            test_loss=1.0,
            best_epoch=1,
            best_valid_loss=1.0,
            best_valid_accuracy=0.7,
        ),
    ]

    def engine(_: Config, __: Control, tell: Listener) -> object:
        for event in events:
            tell(event)
        return None

    shown: list[tuple[float, bool]] = []

    class Watched(CifarApp):
        """Notes when a frame is ready for the terminal, its bytes made, and whether there are images on it."""

        CSS_PATH = str(Path(__file__).parents[1] / "app" / "app.tcss")

        def show_update(self, screen: Screen[Any], update: Update) -> None:
            if screen is self.screen:
                sent = update.render_segments(self.console)
                shown.append((time.perf_counter(), "▀" in sent))
            super().show_update(screen, update)

    app = Watched(RunController(LocalRun(config, engine), config))
    rows = []
    async with app.run_test(size=(120, 40)) as pilot:
        while app.view.terminal is None or app.results is None:
            await pilot.pause(0.05)
        predictions = app.run_screens["predictions"]
        assert isinstance(predictions, PredictionsScreen)

        def frame() -> None:
            """All that is drawn, as bytes."""
            for strip in screen_strips(app.screen):
                strip.render(app.console)

        shown.clear()
        start = time.perf_counter()
        await pilot.press("2")
        while not any(images for _, images in shown):
            await pilot.pause(0.02)
        await pilot.pause(0.2)
        first = next(at for at, images in shown if images)
        rows.append(("open the browser: images on the screen", [first - start], 150.0))
        rows.append(("open the browser: the last of its frames", [shown[-1][0] - start], 150.0))
        await pilot.press("z")
        for size, name in (((120, 40), "120×40"), ((80, 24), "80×24")):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            frame()
            seconds = []
            for _ in range(repeat):
                start = time.perf_counter()
                predictions.grid.action_page(1)
                frame()
                seconds.append(time.perf_counter() - start)
            rows.append((f"page turn at {name}", seconds, 50.0))
    return rows


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
