"""The screens beside the dashboard, by Textual's Pilot, over a run that the real engine made: each key and what it shows."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.widgets import Input, OptionList

from engine.config.schema import Config
from engine.inspection.types import Inspection
from engine.storage.predictions import FILE, read_predictions
from tests.support.app import LARGE, SMALL, browser, browsing, make_app, press, screen_text, until
from tests.support.scripted import Script
from tui_cifar.app.settings import Settings
from tui_cifar.run.local import real_engine
from tui_cifar.run.predictions import Selection, select
from tui_cifar.screens.confusion import ConfusionScreen
from tui_cifar.screens.data import DataScreen
from tui_cifar.screens.dialogs.choose import ChoiceDialog, GoToDialog
from tui_cifar.screens.dialogs.help import HelpDialog
from tui_cifar.screens.dialogs.own_image import OwnImageDialog, candidates, complete
from tui_cifar.screens.log import LogScreen
from tui_cifar.screens.model import ModelScreen
from tui_cifar.screens.predictions import PredictionsScreen


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_grid_shows_images_with_what_they_were_taken_for(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size) as (app, _):
        text = screen_text(app)
        for wanted in ("2 Predictions", "all · by number", "1 of 30", "DONE"):
            assert wanted in text, text
        assert "✓ " in text or "✗ " in text
        assert any(text.count(c) > 100 for c in "▀▒░"), "images"
        assert all(len(line) <= size[0] for line in text.splitlines())


async def test_filters_and_orders_each_one_key(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        b, results = browser(app), app.results
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
            assert b.selection == selection
            assert b.numbers.tolist() == select(results, selection).tolist()
            assert selection.words(results.class_names) in screen_text(app)


async def test_a_class_is_chosen_from_a_list(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        for key, field in (("t", "true"), ("p", "predicted")):
            await press(pilot, "a", key)
            await until(pilot, lambda: isinstance(app.screen, ChoiceDialog))
            listed = app.screen.query_one(OptionList)
            assert listed.option_count == 4 and "30" in str(listed.get_option_at_index(0).prompt)
            await press(pilot, "g", "enter")  # green, the second class
            await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
            assert getattr(browser(app).selection, field) == 1
        await press(pilot, "t", "down", "enter", "t", "home", "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
        assert browser(app).selection.true is None and browser(app).selection.predicted == 1
        await press(pilot, "t")
        await until(pilot, lambda: isinstance(app.screen, ChoiceDialog))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))


async def test_outcome_and_order_are_remembered(finished_run: Path, tmp_path: Path) -> None:
    async with browsing(finished_run, settings=Settings.read(tmp_path)) as (app, pilot):
        await press(pilot, "w", "o", "o", "v", "t", "g", "enter")
        await until(pilot, lambda: browser(app).selection.true == 1)
    async with browsing(finished_run, settings=Settings.read(tmp_path)) as (app, pilot):
        b = browser(app)
        assert b.selection == Selection("misclassified", order="loss", reverse=True), (
            "but not the class: other data has others"
        )
        assert b.numbers.tolist() == select(app.results, b.selection).tolist()
        await press(pilot, "3", "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
    async with browsing(finished_run, settings=Settings.read(tmp_path), key="3") as (app, pilot):
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
        assert browser(app).selection == Selection(true=0, predicted=0, order="confidence"), "what was asked for counts"
        assert Settings.read(tmp_path).choices["predictions order"] == "loss"


async def test_the_images_of_the_marked_cell(finished_run: Path) -> None:
    async with browsing(finished_run, LARGE, "3") as (app, pilot):
        screen, results = app.screen, app.results
        assert isinstance(screen, ConfusionScreen) and results is not None
        for keys in ([], ["right"], ["down"]):
            await press(pilot, *keys)
            count = int(results.confusion[screen.cursor])
            text = screen_text(app)
            shown = text.count("✓ ") + text.count("✗ ")
            assert shown == 0 if not count else 0 < shown <= count, text
            assert ("all of them" in text) == (0 < count == shown)


async def test_moving_the_mark(finished_run: Path) -> None:
    async with browsing(finished_run, SMALL) as (app, pilot):
        b = browser(app)
        columns, page = b._grid.columns, b._grid.page
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
            assert b.cursor == place, key
            assert f"#{b.number}" in screen_text(app)


async def test_going_to_a_number(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        await press(pilot, "w", "g")
        await until(pilot, lambda: isinstance(app.screen, GoToDialog))
        await press(pilot, "9", "9", "enter")
        assert isinstance(app.screen, GoToDialog) and "0 to 29" in screen_text(app)
        await press(pilot, "backspace", "backspace", "1", "7", "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
        assert browser(app).number == 17
        await press(pilot, "g")
        await until(pilot, lambda: isinstance(app.screen, GoToDialog))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_a_run_that_was_stopped_shows_its_validation_images(stopped_run: Path, size: tuple[int, int]) -> None:
    async with browsing(stopped_run, size) as (app, pilot):
        results = app.results
        assert results.split == "valid" and len(results) == 18 and "Validation" in screen_text(app)
        await press(pilot, "a", "g", "4", "enter")
        await until(pilot, lambda: app.screen is app.run_screens["predictions"])
        await press(pilot, "enter")
        b = browser(app)
        await until(pilot, lambda: isinstance(b.answer, Inspection), 60)
        assert np.array_equal(b.answer.image, results.images[4])
        assert b.answer.probabilities == pytest.approx(results.probabilities[4], abs=1e-4), "the same weights"
        for key, words in (("m", "epoch 1 · grad-cam"), ("x", "augment"), ("c", "red")):
            await press(pilot, key)
            assert words in screen_text(app).lower()
        await press(pilot, "3")
        right = int(results.confusion[0, 0])
        assert f"blue recognised: {right}" in screen_text(app)


async def test_validation_and_test_images_take_turns(finished_run: Path) -> None:
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
            sides.append(browser(app)._grid.side)
            await press(pilot, "z")
        assert sides == [28, 32, 16, 8], "four of 28 fill 118 columns, three of 32 do not"


async def test_the_mouse_marks_opens_and_turns_pages(finished_run: Path) -> None:
    async with browsing(finished_run, SMALL) as (app, pilot):
        b = browser(app)
        await pilot.click("#images-canvas", offset=(b._grid.side + 5, 3))
        await pilot.pause(0.05)
        assert b.cursor == 1
        await pilot.click("#images-canvas", offset=(3, 3), times=2)
        await until(pilot, lambda: b.look == "image")
        assert b.cursor == 0


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_a_image_in_detail(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size) as (app, pilot):
        b, results = browser(app), app.results
        assert results is not None
        await press(pilot, "right", "enter")
        await until(pilot, lambda: b.look == "image" and isinstance(b.answer, Inspection), 60)
        text = screen_text(app)
        for name, p in zip(results.class_names, results.probabilities[1], strict=True):
            assert name in text and f"{p * 100:.1f} %" in text
        assert f"loss {results.loss[1]:.3f}" in text and "2 of 30" in text
        assert isinstance(b.answer, Inspection)
        assert b.answer.probabilities == pytest.approx(results.probabilities[1], abs=1e-4), "the same weights"
        await press(pilot, "right")
        assert b.cursor == 2
        await press(pilot, "left", "left", "left")
        assert b.cursor == 0
        await press(pilot, "full_stop")
        assert b.cursor == 1
        await press(pilot, "comma")
        assert b.cursor == 0
        await press(pilot, "escape")
        assert b.look is None


async def test_channels_and_the_value_under_the_cursor(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        b, results = browser(app), app.results
        assert results is not None and results.images is not None
        await press(pilot, "enter", "c")
        await until(pilot, lambda: isinstance(b.answer, Inspection), 60)
        await press(pilot, "up", "left", "left")
        assert b.pixel == (15, 14)
        red, green, blue = results.images[0][15, 14].tolist()
        text = screen_text(app)
        for name, value in (("red", red), ("green", green), ("blue", blue)):
            shown = f"{value / 127.5 - 1:+.3f}".replace("-", "−")
            assert f"{name} {value:3} → {shown}" in text
        assert "row 15  column 14" in text
        await press(pilot, "c")
        assert b.channel == 1
        await press(pilot, *["up"] * 20)
        assert b.pixel == (0, 14)


async def test_augmentation_and_the_map(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        b = browser(app)
        await press(pilot, "enter", "x")
        await until(pilot, lambda: "as it is" in screen_text(app) and "draw 5" in screen_text(app), 60)
        await press(pilot, "m")
        await until(pilot, lambda: "Selvaraju" in screen_text(app))
        assert isinstance(b.answer, Inspection)
        likely = [b.answer.class_names[i] for i in np.argsort(-b.answer.probabilities)]
        for name in (*likely, likely[0]):
            assert f"where it looked for {name}" in screen_text(app), "the likeliest first, and round again"
            await press(pilot, "o")
        await press(pilot, "p")
        assert b.look == "image"


async def test_no_image_of_a_kind(finished_run: Path) -> None:
    async with browsing(finished_run) as (app, pilot):
        b = browser(app)
        b.set_selection(Selection("correct", true=0, predicted=1))
        await press(pilot, "right", "enter", "pagedown", "end")
        assert b.look is None and "No image is like that" in screen_text(app)


@pytest.mark.parametrize("options", [{"images": "off"}, {"ascii": True}])
async def test_without_images_or_in_letters(finished_run: Path, options: dict[str, Any]) -> None:
    async with browsing(finished_run, SMALL, **options) as (app, pilot):
        text = screen_text(app)
        assert "▀" not in text and ("margin" in text or "ascii" in options)
        for key in ("enter", "c", "x", "m", "escape", "3", "4", "tab", "tab", "tab", "5", "tab", "tab", "6"):
            await press(pilot, key)
            strange = {c for c in screen_text(app) if ord(c) > 127} if "ascii" in options else set()
            assert not strange, f"{strange} after {key}"


async def test_images_that_are_gone_are_listed_in_words(finished_run: Path, tmp_path: Path) -> None:
    predictions = read_predictions(finished_run / FILE)
    gone = Path(predictions.images_path)
    hidden = gone.with_suffix(".hidden")
    gone.rename(hidden)
    try:
        async with browsing(finished_run, SMALL) as (app, pilot):
            assert "margin" in screen_text(app)
            await press(pilot, "enter")
            assert "not on this disk any more" in screen_text(app)
    finally:
        hidden.rename(gone)


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_matrix(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size, "3") as (app, pilot):
        screen, results = app.screen, app.results
        assert isinstance(screen, ConfusionScreen) and results is not None
        text = screen_text(app)
        for wanted in ("rows true, columns predicted", "recall", "precision", "F1", "counts · class order"):
            assert wanted in text, text
        await press(pilot, "down", "right", "right", "right", "up", "down")
        assert screen.cursor == (1, 2)
        count = int(results.confusion[1, 2])
        assert f"green taken for red: {count}" in screen_text(app)
        await press(pilot, "n")
        assert "share of true class" in screen_text(app)
        await press(pilot, "n", "o")
        assert "share of predicted class · best first" in screen_text(app)
        await press(pilot, "n", "o", "o")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
        assert browser(app).selection == Selection(true=1, predicted=2, order="confidence")
        assert len(browser(app).numbers) == count


async def test_the_cell_opened_follows_the_order_shown(finished_run: Path) -> None:
    async with browsing(finished_run, LARGE, "3") as (app, pilot):
        screen, results = app.screen, app.results
        assert isinstance(screen, ConfusionScreen) and results is not None
        await press(pilot, "o", "o")
        found = np.diag(results.confusion) / results.confusion.sum(1)
        worst = int(np.argsort(found, kind="stable")[0])
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))
        assert browser(app).selection.true == worst == browser(app).selection.predicted


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_classes_over_the_epochs(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size, "3") as (app, pilot):
        await press(pilot, "h", "down")
        text = screen_text(app)
        last = app.view.rows[-1].per_class[1]
        assert f"green  {last.accuracy * 100:.1f} %" in text and "epoch 1" in text
        await press(pilot, "h")
        assert "recall" in screen_text(app)


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_data(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size, "4") as (app, pilot):
        assert isinstance(app.screen, DataScreen)
        text = screen_text(app)
        for wanted in ("training", "validation", "test", "blue", "72", "18", "30", "±", "0 duplicates"):
            assert wanted in text, text
        await press(pilot, "tab")
        assert "No image is there twice." in screen_text(app)
        await press(pilot, "tab")
        assert "as it is" in screen_text(app) and "draw 1" in screen_text(app)
        await press(pilot, "down")
        assert app.screen.top == 1
        await press(pilot, "tab")
        assert "of the first batch, as the network gets them" in screen_text(app)
        await press(pilot, "tab", "shift+tab")
        assert app.screen.current == "batch"


async def test_a_network_that_will_grow_says_when(finished_run: Path) -> None:
    async with browsing(finished_run, SMALL, "5") as (app, pilot):
        assert app.view.model is not None and "grows" not in screen_text(app)
        app.view.apply(dataclasses.replace(app.view.model, grows=2))
        app.show()
        await until(pilot, lambda: "it grows to its full width with epoch 2" in screen_text(app))


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_model(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size, "5") as (app, pilot):
        assert isinstance(app.screen, ModelScreen)
        text = screen_text(app)
        for wanted in (
            "conv1",
            "Conv2d 3×3, 3 → 16",
            "16×32×32",
            "442,368",
            "fc2",
            "537,587",
            "multiply-adds an image",
        ):
            assert wanted in text, f"{wanted}\n{text}"
        await press(pilot, "tab")
        await until(pilot, lambda: "16 filters of 3×3×3" in screen_text(app), 60)
        await press(pilot, "tab")
        await until(pilot, lambda: "conv1: 16 maps of 32×32" in screen_text(app))
        await press(pilot, "down")
        assert "conv2: 32 maps of 16×16" in screen_text(app)
        before = app.screen.image
        await press(pilot, "right")
        await until(pilot, lambda: app.screen.image[1] != before[1] and "conv2" in screen_text(app))


async def test_the_log(finished_run: Path) -> None:
    async with browsing(finished_run, LARGE, "6") as (app, _):
        await until(pilot := _, lambda: isinstance(app.screen, LogScreen) and "Run run" in screen_text(pilot.app))


async def test_a_image_of_ones_own(finished_run: Path, image_folder: Path, tmp_path: Path) -> None:
    async with browsing(finished_run, SMALL) as (app, pilot):
        await press(pilot, "i")
        await until(pilot, lambda: isinstance(app.screen, OwnImageDialog))
        field = app.screen.query_one(Input)
        field.value = str(tmp_path / "none.png")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen.answer, str) and "No such file" in screen_text(app), 60)
        field.value = "~nobody-of-this-name/images"
        await press(pilot, "tab", "enter")
        await until(pilot, lambda: isinstance(app.screen.answer, str), 60)
        field.value = str(image_folder / "test" / "red" / "00")
        field.cursor_position = len(field.value)
        await press(pilot, "tab")
        assert field.value == str(image_folder / "test" / "red" / "000.png")
        await press(pilot, "enter")
        await until(pilot, lambda: " %" in screen_text(app))
        assert all(name in screen_text(app) for name in ("red", "green", "blue"))
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, PredictionsScreen))


async def test_paths_by_arrows_and_folders_by_enter(finished_run: Path, image_folder: Path) -> None:
    async with browsing(finished_run, SMALL) as (app, pilot):
        await press(pilot, "i")
        await until(pilot, lambda: isinstance(app.screen, OwnImageDialog))
        field = app.screen.query_one(Input)
        field.value = str(image_folder / "test")
        await press(pilot, "enter")
        assert field.value == f"{image_folder}/test/" and all(
            f"{name}/" in screen_text(app) for name in ("blue", "red")
        )
        await press(pilot, "up", "enter")
        assert field.value == f"{image_folder}/test/red/" and "000.png" in screen_text(app)
        await press(pilot, "down", "down", "tab")
        assert field.value == f"{image_folder}/test/red/001.png"
        await press(pilot, "enter")
        await until(pilot, lambda: " %" in screen_text(app), 60)


def test_completing_paths(tmp_path: Path) -> None:
    (tmp_path / "some" / "folder").mkdir(parents=True)
    (tmp_path / "some" / "file.png").touch()
    assert complete(f"{tmp_path}/so") == f"{tmp_path}/some/"
    assert complete(f"{tmp_path}/some/fi") == f"{tmp_path}/some/file.png"
    assert complete(f"{tmp_path}/some/") == f"{tmp_path}/some/f"
    (tmp_path / "some" / "final.png").touch()
    assert candidates(f"{tmp_path}/some/f") == [
        f"{tmp_path}/some/{name}" for name in ("file.png", "final.png", "folder/")
    ]
    assert complete(f"{tmp_path}/some/f") == f"{tmp_path}/some/file.png", "nothing more is shared: the first"
    assert complete(f"{tmp_path}/some/fin") == f"{tmp_path}/some/final.png"
    assert complete(f"{tmp_path}/none/x") is None and complete("") is None


async def test_help_and_palette_know_the_keys_of_each_screen(finished_run: Path) -> None:
    async with browsing(finished_run, (120, 60)) as (app, pilot):
        titles = {c.title for c in app.get_system_commands(app.screen)}
        assert {
            "Wrong",
            "True class: green",
            "Predicted class: red",
            "Order: highest loss first",
            "Unsure",
        } <= titles
        for key, word in (
            ("2", "Misclassified images only"),
            ("3", "Counts, share of the row"),
            ("5", "Ask the network"),
        ):
            await press(pilot, key, "question_mark")
            await until(pilot, lambda: isinstance(app.screen, HelpDialog))
            shown = app.screen._bindings_below()
            assert any(word in (b.tooltip or "") for b in shown)
            await press(pilot, "escape")


@pytest.mark.parametrize(("width", "dropped"), [(120, ()), (80, ("Pause", "Save now")), (60, ("Order", "Pause"))])
async def test_the_foot_shows_whole_keys_and_always_the_way_out(width: int, dropped: tuple[str, ...]) -> None:
    app = make_app(Script(hold_at=(1, 3)))
    async with app.run_test(size=(width, 24)) as pilot:
        screen = app.run_screens["predictions"]
        screen.check_action = lambda action, _: action not in ("close", "look", "walk", "other_class", "resume")  # type: ignore[method-assign]
        await press(pilot, "2")
        await until(pilot, lambda: "q Quit" in screen_text(app).splitlines()[-1])
        foot = screen_text(app).splitlines()[-1]
        assert "? Help" in foot and "a All" in foot and not any(word in foot for word in dropped), foot
        assert width < 120 or ("Save now" in foot and "Order" in foot), foot


async def test_before_anything_is_known_each_screen_says_what_it_waits_for() -> None:
    script = Script(hold_at=(1, 3))
    app = make_app(script)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, script.holding.is_set)
        for key, words in (
            ("2", "Press e to classify the test images now"),
            ("3", "The confusion matrix of the validation images appears here"),
            ("4", "soon after training begins"),
            ("5", "The layers appear here"),
        ):
            await press(pilot, key)
            await until(pilot, lambda w=words: w in screen_text(app))  # type: ignore[misc]
        await press(pilot, "3", "h")
        await until(pilot, lambda: "after the first epoch" in screen_text(app))
        script.go.set()


async def test_evaluating_and_asking_while_the_real_engine_trains(quick: Callable[..., Config]) -> None:
    app = make_app(real_engine(None), quick(epochs=3000))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: len(app.view.rows) >= 1, 120)
        await press(pilot, "2", "e")
        await until(pilot, lambda: app.saved("test") is not None, 60)
        b = browser(app)
        await until(pilot, lambda: len(b.numbers) == 30)
        assert app.view.terminal is None
        await press(pilot, "enter", "x")
        await until(pilot, lambda: isinstance(b.answer, Inspection) and "draw 1" in screen_text(app), 60)
        await press(pilot, "space")
        await until(pilot, lambda: app.view.state == "PAUSED")
        first = app.results
        await press(pilot, "e")
        await until(pilot, lambda: app.results is not first, 60)
        await press(pilot, "right")
        await until(pilot, lambda: isinstance(b.answer, Inspection), 60)
        app.leaving.stop(save=False, reason="test", code=0)
        await until(pilot, lambda: app.return_code is not None)
    await asyncio.to_thread(app.controller.client.join, 20)


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_a_run_about_to_go_on_has_a_past_on_every_screen(finished_run: Path, size: tuple[int, int]) -> None:
    app = make_app(lambda *_: None, resumed=finished_run)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.view.rows)
        assert app.view.started is None
        for key in ("1", "tab", "tab", "tab", "2", "3", "h", "4", "tab", "tab", "tab", "5", "tab", "tab", "6"):
            await press(pilot, key)
            app.show()
            await pilot.pause(0.05)
        assert app.return_code is None and isinstance(app.screen, LogScreen)
