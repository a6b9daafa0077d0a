"""The screen of predictions over a run that the real engine made: every key of the grid and the detail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from textual.events import AppBlur, AppFocus
from textual.widgets import OptionList

from engine.config.schema import Config
from engine.inspection.types import Inspection
from engine.storage.predictions import FILE, read_predictions
from tests.support.app import LARGE, SMALL, browsing, make_app, predictions_screen, press, screen_text, until
from tui_cifar.app.settings import Settings
from tui_cifar.run.local import real_engine
from tui_cifar.run.selection import Selection, select
from tui_cifar.screens.dialogs.choose import ChoiceDialog, GoToDialog
from tui_cifar.screens.predictions import PredictionsScreen


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_grid_shows_images_with_their_predictions(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size) as (app, _):
        text = screen_text(app)
        for wanted in ("2 Predictions", "all · by number", "1 of 30", "DONE"):
            assert wanted in text, text
        assert "✓ " in text or "✗ " in text
        assert any(text.count(c) > 100 for c in "▀▒░"), "images"
        assert all(len(line) <= size[0] for line in text.splitlines())


async def test_each_filter_and_order_has_a_key(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        p, results = predictions_screen(app), app.controller.results
        assert results is not None
        for keys, selection in (
            (["w"], Selection("misclassified")),
            (["r"], Selection("correct")),
            (["o"], Selection("correct", order="confidence")),
            (["v"], Selection("correct", order="confidence", reverse=True)),
            (["o"], Selection("correct", order="loss")),
            (["o"], Selection("correct", order="margin")),
            (["a"], Selection(order="margin")),
            (["c"], Selection("misclassified", order="confidence")),
            (["u"], Selection(order="margin")),
        ):
            await press(pilot, *keys)
            assert p.browser.selection == selection
            assert p.browser.numbers.tolist() == select(results, selection).tolist()
            assert selection.describe(results.class_names) in screen_text(app)


async def test_a_class_is_chosen_from_a_list(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        for key, field in (("t", "true"), ("p", "predicted")):
            await press(pilot, "a", key)
            await until(pilot, lambda: isinstance(app.screen, ChoiceDialog))
            listed = app.screen.query_one(OptionList)
            assert listed.option_count == 4 and "30" in str(listed.get_option_at_index(0).prompt)
            await press(pilot, "g", "enter")  # green, the second class
            await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
            assert getattr(predictions_screen(app).browser.selection, field) == 1
        await press(pilot, "t", "down", "enter", "t", "home", "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
        assert (
            predictions_screen(app).browser.selection.true is None
            and predictions_screen(app).browser.selection.predicted == 1
        )
        await press(pilot, "t")
        await until(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))


async def test_outcome_and_order_are_remembered(finished_run: Path, tmp_path: Path) -> None:
    async with browsing(finished_run, settings=Settings.read(tmp_path)) as (app, pilot):
        await press(pilot, "w", "o", "o", "v", "t", "g", "enter")
        await until(pilot, lambda: predictions_screen(app).browser.selection.true == 1)
    async with browsing(finished_run, settings=Settings.read(tmp_path)) as (app, pilot):
        p = predictions_screen(app)
        assert p.browser.selection == Selection("misclassified", order="loss", reverse=True), (
            "but not the class: other data has others"
        )
        assert p.browser.numbers.tolist() == select(app.controller.results, p.browser.selection).tolist()
        await press(pilot, "3", "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
    async with browsing(finished_run, settings=Settings.read(tmp_path), key="3") as (app, pilot):
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
        assert predictions_screen(app).browser.selection == Selection(true=0, predicted=0, order="confidence"), (
            "what was asked for counts"
        )
        assert Settings.read(tmp_path).choices["predictions order"] == "loss"


async def test_moving_the_cursor(finished_run: Path) -> None:
    async with browsing(finished_run, SMALL) as (app, pilot):
        p = predictions_screen(app)
        columns, page = p.grid.grid.columns, p.grid.grid.page
        assert page < 30
        for key, place in (
            ("right", 1),
            ("down", 1 + columns),
            ("left", columns),
            ("up", 0),
            ("left", 0),
            ("pagedown", page),
            ("pageup", 0),
            ("end", 29),
            ("right", 29),
            ("home", 0),
        ):
            await press(pilot, key)
            assert p.browser.cursor == place, key
            assert f"#{p.browser.number}" in screen_text(app)


async def test_going_to_a_number(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        await press(pilot, "w", "g")
        await until(pilot, lambda: isinstance(app.screen, GoToDialog))
        await press(pilot, "9", "9", "enter")
        assert isinstance(app.screen, GoToDialog) and "0 to 29" in screen_text(app)
        await press(pilot, "backspace", "backspace", "1", "7", "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
        assert predictions_screen(app).browser.number == 17
        await press(pilot, "g")
        await until(pilot, lambda: isinstance(app.screen, GoToDialog))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_a_run_that_was_stopped_shows_its_validation_images(stopped_run: Path, size: tuple[int, int]) -> None:
    async with browsing(stopped_run, size) as (app, pilot):
        results = app.controller.results
        assert results.split == "valid" and len(results) == 18 and "Validation" in screen_text(app)
        await press(pilot, "a", "g", "4", "enter")
        await until(pilot, lambda: app.screen is app.run_screens["predictions"])
        await press(pilot, "enter")
        p = predictions_screen(app)
        await until(pilot, lambda: isinstance(p.detail.answer, Inspection), 60)
        assert np.array_equal(p.detail.answer.image, results.images[4])
        assert p.detail.answer.probabilities == pytest.approx(results.probabilities[4], abs=1e-4), "the same weights"
        for key, words in (("m", "epoch 1 · grad-cam"), ("x", "augment"), ("c", "red")):
            await press(pilot, key)
            assert words in screen_text(app).lower()
        await press(pilot, "3")
        correct = int(results.confusion[0, 0])
        assert f"blue predicted correctly: {correct}" in screen_text(app)


async def test_switching_between_validation_and_test_images(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        await press(pilot, "a", "right")
        assert "Test images" in screen_text(app) and "l Validation" in screen_text(app)
        await press(pilot, "l")
        assert "Validation images · epoch 2" in screen_text(app) and "1 of 18" in screen_text(app)
        await press(pilot, "l")
        assert "Test images" in screen_text(app) and "2 of 30" in screen_text(app)


async def test_sizes_of_images(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        sides = []
        for _ in range(4):
            sides.append(predictions_screen(app).grid.grid.side)
            await press(pilot, "z")
        assert sides == [28, 32, 16, 8], "four of 28 fill 118 columns, three of 32 do not"


async def test_the_mouse_moves_the_cursor_and_opens_images(finished_run: Path) -> None:
    async with browsing(finished_run, SMALL) as (app, pilot):
        p = predictions_screen(app)
        await pilot.click("#grid", offset=(p.grid.grid.side + 5, 3))
        await pilot.pause(0.05)
        assert p.browser.cursor == 1
        await pilot.click("#grid", offset=(3, 3), times=2)
        await until(pilot, lambda: p.shown_view is p.detail and p.detail.aspect == "image")
        assert p.browser.cursor == 0


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_an_image_in_detail(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size) as (app, pilot):
        p, results = predictions_screen(app), app.controller.results
        assert results is not None
        await press(pilot, "right", "enter")
        await until(
            pilot,
            lambda: p.shown_view is p.detail and p.detail.aspect == "image" and isinstance(p.detail.answer, Inspection),
            60,
        )
        text = screen_text(app)
        for name, probability in zip(results.class_names, results.probabilities[1], strict=True):
            assert name in text and f"{probability * 100:.1f} %" in text
        assert f"loss {results.loss[1]:.3f}" in text and "2 of 30" in text
        assert isinstance(p.detail.answer, Inspection)
        assert p.detail.answer.probabilities == pytest.approx(results.probabilities[1], abs=1e-4), "the same weights"
        await press(pilot, "right")
        assert p.browser.cursor == 2
        await press(pilot, "left", "left", "left")
        assert p.browser.cursor == 0
        await press(pilot, "full_stop")
        assert p.browser.cursor == 1
        await press(pilot, "comma")
        assert p.browser.cursor == 0
        await press(pilot, "escape")
        assert p.shown_view is p.grid


async def test_channels_and_the_pixel_under_the_cursor(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        p, results = predictions_screen(app), app.controller.results
        assert results is not None and results.images is not None
        await press(pilot, "enter", "c")
        await until(pilot, lambda: isinstance(p.detail.answer, Inspection), 60)
        await press(pilot, "up", "left", "left")
        assert p.detail.pixel == (15, 14)
        red, green, blue = results.images[0][15, 14].tolist()
        text = screen_text(app)
        for name, value in (("red", red), ("green", green), ("blue", blue)):
            shown = f"{value / 127.5 - 1:+.3f}".replace("-", "−")
            assert f"{name} {value:3} → {shown}" in text
        assert "row 15  column 14" in text
        await press(pilot, "c")
        assert p.detail.channel == 1
        await press(pilot, *["up"] * 20)
        assert p.detail.pixel == (0, 14)


async def test_augmentation_and_grad_cam(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        p = predictions_screen(app)
        await press(pilot, "enter", "x")
        await until(pilot, lambda: "original" in screen_text(app) and "sample 5" in screen_text(app), 60)
        await press(pilot, "m")
        await until(pilot, lambda: "Selvaraju" in screen_text(app))
        assert isinstance(p.detail.answer, Inspection)
        likely = [p.detail.answer.class_names[i] for i in np.argsort(-p.detail.answer.probabilities)]
        for name in (*likely, likely[0]):
            assert f"evidence for {name}" in screen_text(app), "the most likely class first, and round again"
            await press(pilot, "o")
        await press(pilot, "p")
        assert p.shown_view is p.detail and p.detail.aspect == "image"


async def test_a_filter_without_matches(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        p = predictions_screen(app)
        p.select(Selection("correct", true=0, predicted=1))
        await press(pilot, "right", "enter", "pagedown", "end")
        assert p.shown_view is p.grid and "No image matches" in screen_text(app)


async def test_missing_images_are_listed_as_text(finished_run: Path, tmp_path: Path) -> None:
    predictions = read_predictions(finished_run / FILE)
    gone = Path(predictions.images_path)
    hidden = gone.with_suffix(".hidden")
    gone.rename(hidden)
    try:
        async with browsing(finished_run, SMALL) as (app, pilot):
            assert "margin" in screen_text(app)
            await press(pilot, "enter")
            assert "no longer on this disk" in screen_text(app)
    finally:
        hidden.rename(gone)


async def test_evaluating_and_inspecting_while_the_engine_trains(quick: Callable[..., Config]) -> None:
    app = make_app(real_engine(None), quick(epochs=3000))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: len(app.run_state.rows) >= 1, 120)
        await press(pilot, "2", "e")
        await until(pilot, lambda: app.controller.saved("test") is not None, 60)
        p = predictions_screen(app)
        await until(pilot, lambda: len(p.browser.numbers) == 30)
        assert app.run_state.ended is None
        await press(pilot, "enter", "x")
        await until(pilot, lambda: isinstance(p.detail.answer, Inspection) and "sample 1" in screen_text(app), 60)
        await press(pilot, "space")
        await until(pilot, lambda: app.run_state.status == "PAUSED")
        first = app.controller.results
        await press(pilot, "e")
        await until(pilot, lambda: app.controller.results is not first, 60)
        await press(pilot, "right")
        await until(pilot, lambda: isinstance(p.detail.answer, Inspection), 60)
        app.leaving.stop(save=False, reason="test", code=0)
        await until(pilot, lambda: app.return_code is not None)
    await asyncio.to_thread(app.controller.client.join, 20)


async def test_the_view_that_is_shown_has_the_keys_whatever_was_clicked(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        p = predictions_screen(app)
        await pilot.click("#status")
        await press(pilot, "w")
        assert p.browser.selection.outcome == "misclassified" and "w Wrong" in screen_text(app)
        await press(pilot, "enter")
        await pilot.click("#header")
        app.post_message(AppBlur())
        await press(pilot, "c")
        assert p.detail.aspect == "channels" and "c Channels" in screen_text(app) and "w Wrong" not in screen_text(app)
        app.post_message(AppFocus())
        await press(pilot, "escape", "a")
        assert p.shown_view is p.grid and p.browser.selection.outcome == "all"
