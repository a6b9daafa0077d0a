"""The dialog that classifies an image of the user's own."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from tests.support.app import SMALL, browsing, press, screen_text, until
from tui_cifar.screens.dialogs.own_image import OwnImageDialog, candidates, complete
from tui_cifar.screens.predictions import PredictionsScreen


async def test_classifying_an_image_of_ones_own(finished_run: Path, image_folder: Path, tmp_path: Path) -> None:
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


async def test_choosing_paths_with_arrows_and_opening_folders(finished_run: Path, image_folder: Path) -> None:
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
