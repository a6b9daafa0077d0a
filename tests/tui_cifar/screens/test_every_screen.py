"""What holds on every screen: keys in help, palette and footer, what is shown before there is anything, ASCII."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.app import ComposeResult

from tests.support.app import LARGE, SMALL, browsing, make_app, press, screen_text, until
from tests.support.scripted import Script
from tui_cifar.screens.dialogs.help import HelpDialog
from tui_cifar.screens.log import LogScreen
from tui_cifar.screens.predictions import PredictionsScreen
from tui_cifar.terminal.textual_private import FooterKey
from tui_cifar.widgets.chrome.key_footer import KeyFooter


async def test_help_and_palette_know_the_keys_of_each_screen(finished_run: Path) -> None:
    async with browsing(finished_run, (120, 60)) as (app, pilot):
        titles = {c.title for c in app.get_system_commands(app.screen)}
        assert {
            "Wrong",
            "True class: green",
            "Predicted class: red",
            "Order: highest loss first",
            "Uncertain",
        } <= titles
        for key, word in (
            ("2", "Misclassified images only"),
            ("3", "Counts, % of true"),
            ("5", "Inspect the image"),
        ):
            await press(pilot, key, "question_mark")
            await until(pilot, lambda: isinstance(app.screen, HelpDialog))
            shown = app.screen._bindings_below()
            assert any(word in (b.tooltip or "") for b in shown)
            await press(pilot, "escape")


@pytest.mark.parametrize(("width", "dropped"), [(120, ()), (80, ("Pause", "Save now")), (60, ("Order", "Pause"))])
async def test_the_footer_shows_whole_keys_and_always_help_and_quit(width: int, dropped: tuple[str, ...]) -> None:
    app = make_app(Script(hold_at=(1, 3)))
    async with app.run_test(size=(width, 24)) as pilot:
        screen = app.run_screens["predictions"]
        assert isinstance(screen, PredictionsScreen)
        screen.check_action = screen.grid.check_action = lambda *_: True  # type: ignore[method-assign]
        await press(pilot, "2")
        await until(pilot, lambda: "q Quit" in screen_text(app).splitlines()[-1])
        footer = screen_text(app).splitlines()[-1]
        assert "? Help" in footer and "a All" in footer and not any(word in footer for word in dropped), footer
        assert width < 120 or ("Save now" in footer and "Order" in footer), footer


async def test_each_screen_says_what_it_waits_for() -> None:
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


@pytest.mark.parametrize("options", [{"images": "off"}, {"ascii": True}])
async def test_without_images_and_in_ascii(finished_run: Path, options: dict[str, Any]) -> None:
    async with browsing(finished_run, SMALL, **options) as (app, pilot):
        text = screen_text(app)
        assert "▀" not in text and ("margin" in text or "ascii" in options)
        for key in ("enter", "c", "x", "m", "escape", "3", "4", "tab", "tab", "tab", "5", "tab", "tab", "6"):
            await press(pilot, key)
            strange = {c for c in screen_text(app) if ord(c) > 127} if "ascii" in options else set()
            assert not strange, f"{strange} after {key}"


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_a_run_about_to_be_resumed_shows_its_past_on_every_screen(
    finished_run: Path, size: tuple[int, int]
) -> None:
    app = make_app(lambda *_: None, resumed=finished_run)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.run_state.rows)
        assert app.run_state.started is None
        for key in ("1", "tab", "tab", "tab", "2", "3", "h", "4", "tab", "tab", "tab", "5", "tab", "tab", "6"):
            await press(pilot, key)
            app.show()
            await pilot.pause(0.05)
        assert app.return_code is None and isinstance(app.screen, LogScreen)


async def test_the_footer_never_lacks_the_keys_of_the_view_that_is_shown(
    finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed: list[list[str]] = []
    compose = KeyFooter.compose

    def recorded(footer: KeyFooter) -> ComposeResult:
        keys = list(compose(footer))
        composed.append([key.description for key in keys if isinstance(key, FooterKey)])
        yield from keys

    monkeypatch.setattr(KeyFooter, "compose", recorded)
    async with browsing(finished_run, key="1") as (_, pilot):
        for key, own in (("2", "Wrong"), ("enter", "Channels"), ("escape", "Wrong")):
            composed.clear()
            await press(pilot, key)
            await until(pilot, lambda: composed)
            await pilot.pause(0.2)
            assert len(composed) == 1 and own in composed[0], "and it is composed no more often than needed"
