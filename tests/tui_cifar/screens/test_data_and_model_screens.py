"""The screens of data, model and log over a run that the real engine made."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.support.app import LARGE, SMALL, browsing, press, screen_text, until
from tui_cifar.screens.data import DataScreen
from tui_cifar.screens.log import LogScreen
from tui_cifar.screens.model import ModelScreen


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_data(finished_run: Path, size: tuple[int, int]) -> None:
    async with browsing(finished_run, size, "4") as (app, pilot):
        assert isinstance(app.screen, DataScreen)
        text = screen_text(app)
        for wanted in ("training", "validation", "test", "blue", "72", "18", "30", "±", "0 duplicates"):
            assert wanted in text, text
        await press(pilot, "tab")
        assert "No duplicates." in screen_text(app)
        await press(pilot, "tab")
        assert "original" in screen_text(app) and "sample 1" in screen_text(app)
        await press(pilot, "down")
        assert app.screen.top == 1
        await press(pilot, "tab")
        assert "in the first batch, as the network is given them" in screen_text(app)
        await press(pilot, "tab", "shift+tab")
        assert app.screen.current == "batch"


async def test_a_network_that_grows_says_when(finished_run: Path) -> None:
    async with browsing(finished_run, SMALL, "5") as (app, pilot):
        assert app.run_state.model is not None and "grows" not in screen_text(app)
        app.run_state.apply(dataclasses.replace(app.run_state.model, grows=2))
        app.show()
        await until(pilot, lambda: "full width from epoch 2 on" in screen_text(app))


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
            "multiply-adds per image",
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
