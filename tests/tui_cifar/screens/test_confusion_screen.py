"""The confusion matrix over a run that the real engine made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.app import LARGE, SMALL, browsing, predictions_screen, press, screen_text, until
from tui_cifar.run.selection import Selection
from tui_cifar.screens.confusion import ConfusionScreen
from tui_cifar.screens.predictions import PredictionsScreen


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_matrix(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size, "3") as (app, pilot):
        screen, results = app.screen, app.controller.results
        assert isinstance(screen, ConfusionScreen) and results is not None
        text = screen_text(app)
        for wanted in ("rows true, columns predicted", "recall", "precision", "F1", "counts · class order"):
            assert wanted in text, text
        await press(pilot, "down", "right", "right", "right", "up", "down")
        assert screen.cursor == (1, 2)
        count = int(results.confusion[1, 2])
        assert f"green predicted as red: {count}" in screen_text(app)
        await press(pilot, "n")
        assert "% of true class" in screen_text(app)
        await press(pilot, "n", "o")
        assert "% of predicted class · best first" in screen_text(app)
        await press(pilot, "n", "o", "o")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
        assert predictions_screen(app).browser.selection == Selection(true=1, predicted=2, order="confidence")
        assert len(predictions_screen(app).browser.numbers) == count


async def test_the_images_of_the_cell_are_shown(finished_run: Path) -> None:
    async with browsing(finished_run, LARGE, "3") as (app, pilot):
        screen, results = app.screen, app.controller.results
        assert isinstance(screen, ConfusionScreen) and results is not None
        for keys in ([], ["right"], ["down"]):
            await press(pilot, *keys)
            count = int(results.confusion[screen.cursor])
            text = screen_text(app)
            shown = text.count("✓ ") + text.count("✗ ")
            assert shown == 0 if not count else 0 < shown <= count, text
            assert ("all images of this cell" in text) == (0 < count == shown)


async def test_opening_a_cell_respects_the_order(finished_run: Path) -> None:
    async with browsing(finished_run, LARGE, "3") as (app, pilot):
        screen, results = app.screen, app.controller.results
        assert isinstance(screen, ConfusionScreen) and results is not None
        await press(pilot, "o", "o")
        found = np.diag(results.confusion) / results.confusion.sum(1)
        worst = int(np.argsort(found, kind="stable")[0])
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
        assert (
            predictions_screen(app).browser.selection.true
            == worst
            == predictions_screen(app).browser.selection.predicted
        )


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_accuracy_by_class_over_the_epochs(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size, "3") as (app, pilot):
        await press(pilot, "h", "down")
        text = screen_text(app)
        last = app.run_state.rows[-1].per_class[1]
        assert f"green  {last.accuracy * 100:.1f} %" in text and "epoch 1" in text
        await press(pilot, "h")
        assert "recall" in screen_text(app)
