"""Which evaluation the screens show while a run trains, and when a newer one replaces it."""

from __future__ import annotations

import queue
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from engine.config.schema import Config
from engine.events.types import Event, PredictionsSaved, RunCompleted, ValidationPredictionsSaved
from engine.session.session import Listener
from engine.storage.predictions import FILE, VALIDATION_FILE, Predictions, cache_images, write_predictions
from engine.training.control import Control
from tests.support.app import LARGE, SMALL, make_app, predictions_screen, screen_text, until
from tests.support.scripted import NAMES, started
from tui_cifar.app.app import CifarApp


class Scripted:
    """An engine that emits what the test asks for, and writes the predictions that its events announce."""

    def __init__(self, folder: Path, valid: int) -> None:
        self._folder, self._valid = folder, valid
        self._events: queue.Queue[Event | None] = queue.Queue()

    def __call__(self, config: Config, control: Control, emit: Listener) -> object:
        counts = {"train": 240, "valid": self._valid, "test": 50}
        emit(started(config, directory=str(self._folder), epochs=9, counts=counts))
        while (event := self._events.get()) is not None:
            emit(event)
        return None

    def validate(self, epoch: int) -> None:
        self._write("valid", 60, epoch, 0)
        self.emit(ValidationPredictionsSaved(path=str(self._folder / VALIDATION_FILE), epoch=epoch))

    def test(self, epoch: int, step: int) -> None:
        self._write("test", 50, epoch, step)
        self.emit(PredictionsSaved(path=str(self._folder / FILE), epoch=epoch, step=step, accuracy=0.5))

    def emit(self, event: Event | None) -> None:
        self._events.put(event)

    def _write(self, split: str, count: int, epoch: int, step: int) -> None:
        """Every image of its own colour; `epoch` decides which of them are wrong."""
        labels = np.arange(count) % 10
        probabilities = np.full((count, 10), 0.02, dtype=np.float32)
        probabilities[np.arange(count), (labels + (np.arange(count) % 5 == epoch % 5)) % 10] = 0.82
        images = np.full((count, 32, 32, 3), 200 if split == "test" else 20, dtype=np.uint8)
        images[:, 0, 0, 0] = np.arange(count)
        kept = cache_images(self._folder / ".cache", "f" * 30, images, split)
        file = self._folder / (FILE if split == "test" else VALIDATION_FILE)
        write_predictions(file, Predictions(probabilities, labels, NAMES, epoch, step, kept, split))


@asynccontextmanager
async def training(
    folder: Path, size: tuple[int, int] = LARGE, valid: int = 60, validated: int = 0
) -> AsyncIterator[tuple[CifarApp, Pilot[None], Scripted]]:
    """A run under way on the dashboard, after the validation of epoch `validated`, if that is not 0."""
    engine = Scripted(folder, valid)
    app = make_app(engine)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.run_state.started)
        if validated:
            engine.validate(validated)
            await until(pilot, lambda: app.controller.results)
        yield app, pilot, engine
        engine.emit(None)


async def shows(app: CifarApp, pilot: Pilot[None], *wanted: str) -> None:
    await until(pilot, lambda: all(w in screen_text(app) for w in wanted))


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_validation_images_are_shown_from_the_first_epoch_on(tmp_path: Path, size: tuple[int, int]) -> None:
    async with training(tmp_path, size) as (app, pilot, engine):
        heading = "Validation images · epoch" if size == LARGE else "Validation · epoch"
        await pilot.press("2")
        await shows(app, pilot, "appear here after each epoch")
        engine.validate(1)
        await shows(app, pilot, f"{heading} 1", "1 of 60", "✗ ")
        await pilot.press("3")
        await shows(app, pilot, f"{heading} 1", "rows true, columns predicted")
        await pilot.press("1")
        engine.validate(2)
        await until(pilot, lambda: app.controller.results is not None and app.controller.results.epoch == 2)
        await pilot.press("2")
        await shows(app, pilot, f"{heading} 2")
        assert "newer" not in screen_text(app)


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_shown_evaluation_stays_until_a_key_opens_the_newer_one(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with training(tmp_path, size, validated=1) as (app, pilot, engine):
        await pilot.press("2", "right", "right", "right", "enter")
        p = predictions_screen(app)
        await shows(app, pilot, "epoch 1", "loss")
        before = p.browser.numbers
        engine.validate(2)
        await shows(app, pilot, "epoch 1", "newer: epoch 2" if size == LARGE else "newer", "l Newest")
        assert p.browser.numbers is before and p.browser.number == 3 and p.shown_view is p.detail
        await pilot.press("l")
        await shows(app, pilot, "epoch 2")
        assert "newer" not in screen_text(app) and p.browser.number == 3 and p.shown_view is p.detail
        await pilot.press("escape", "w")
        assert p.browser.number == 2, "3 is correct now"
        engine.validate(3)
        await shows(app, pilot, "newer")
        await pilot.press("down", "1")
        await until(pilot, lambda: app.controller.results is not None and app.controller.results.epoch == 3)


async def test_the_cursor_stays_in_place_if_its_image_is_no_longer_selected(tmp_path: Path) -> None:
    async with training(tmp_path, validated=1) as (app, pilot, engine):
        await pilot.press("2", "w", "right", "right", "enter")
        p = predictions_screen(app)
        assert p.browser.number == 11
        engine.validate(2)
        await shows(app, pilot, "newer: epoch 2")
        await pilot.press("l")
        await shows(app, pilot, "epoch 2")
        assert (p.browser.cursor, p.browser.number) == (2, 12) and p.shown_view is p.grid


async def test_a_requested_evaluation_is_shown_at_once_and_stays(tmp_path: Path) -> None:
    async with training(tmp_path, validated=2) as (app, pilot, engine):
        await pilot.press("2", "right", "e")
        engine.test(3, 4)
        await shows(app, pilot, "Test images · epoch 3, batch 4", "1 of 50")
        await pilot.press("right", "right")
        engine.validate(3)
        await shows(app, pilot, "Test images · epoch 3, batch 4", "newer: validation")
        await pilot.press("l")
        await shows(app, pilot, "Validation images · epoch 3", "2 of 60")
        await pilot.press("l")
        await shows(app, pilot, "Test images · epoch 3, batch 4", "3 of 50", "newer: validation")
        await pilot.press("e")
        engine.test(4, 1)
        engine.validate(4)
        await shows(app, pilot, "Test images · epoch 4, batch 1", "newer: validation")


async def test_the_final_test_does_not_replace_what_is_being_browsed(tmp_path: Path) -> None:
    async with training(tmp_path, validated=9) as (app, pilot, engine):
        await pilot.press("2", "right")
        engine.test(8, 0)
        engine.emit(RunCompleted(epochs=9, seconds=1.0, test_accuracy=0.5, test_loss=1.0, directory=str(tmp_path)))
        await shows(app, pilot, "DONE", "Validation images · epoch 9", "newer: test")
        await pilot.press("1", "2")
        await shows(app, pilot, "Test images · epoch 8", "l Validation")


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_matrix_follows_its_split_and_ignores_the_other(tmp_path: Path, size: tuple[int, int]) -> None:
    async with training(tmp_path, size, validated=1) as (app, pilot, engine):
        await pilot.press("3", "down")
        engine.validate(2)
        await shows(app, pilot, "epoch 2")
        assert "newer" not in screen_text(app)
        engine.test(2, 5)
        await shows(app, pilot, "epoch 2", "newer: test" if size == LARGE else "newer", "l Newest")
        await pilot.press("right", "enter")
        await shows(app, pilot, "Validation", "newer")
        assert len(predictions_screen(app).browser.numbers) == app.controller.results.confusion[1, 1], (
            "the images are those of the cell"
        )  # type: ignore[union-attr]
        await pilot.press("3", "l", "enter")
        await shows(app, pilot, "epoch 2, batch 5")
        assert len(predictions_screen(app).browser.numbers) == app.controller.results.confusion[1, 1] > 0  # type: ignore[union-attr]


async def test_the_heading_says_if_not_all_images_are_there(tmp_path: Path) -> None:
    async with training(tmp_path, valid=12_000, validated=1) as (app, pilot, _):
        await pilot.press("2")
        await shows(app, pilot, "60 of 12,000 validation images · epoch 1")


async def test_the_network_is_asked_about_the_image_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []
    async with training(tmp_path, validated=1) as (app, pilot, engine):
        monkeypatch.setattr(app.controller, "inspect", lambda image, *_: asked.append(image[0, 0].tolist()))
        await pilot.press("2", "right", "enter")
        await until(pilot, lambda: asked)
        engine.validate(2)
        await shows(app, pilot, "newer: epoch 2")
        assert asked == [[1, 20, 20]], "and it is asked once"
        await pilot.press("e")
        engine.test(3, 1)
        await shows(app, pilot, "Test images")
        await pilot.press("enter")
        await until(pilot, lambda: len(asked) == 2)
        assert asked[1] == [0, 200, 200]
