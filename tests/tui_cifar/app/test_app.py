"""The application by Textual's Pilot: with a scripted engine for each key and state, and once with the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual import events
from textual.command import CommandList
from textual.geometry import Size
from textual.widgets import Input

from engine.config.schema import Config
from engine.events.types import PreparationAdvanced
from engine.session.session import Listener
from engine.training.control import Control
from tests.support.app import LARGE, SMALL, make_app, screen_text, until
from tests.support.scripted import Script, failing
from tui_cifar.run.local import real_engine
from tui_cifar.screens.dashboard import PANELS, Dashboard
from tui_cifar.screens.dialogs.data_missing import DataMissingDialog
from tui_cifar.screens.dialogs.failure import FailureDialog
from tui_cifar.screens.dialogs.help import HelpDialog
from tui_cifar.screens.dialogs.palette import Palette
from tui_cifar.screens.dialogs.quit import QuitDialog
from tui_cifar.screens.log import LogScreen


async def test_it_trains_to_the_end_and_shows_the_result() -> None:
    app = make_app(Script(epochs=3))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE")
        await pilot.pause(0.3)
        text = screen_text(app)
        for wanted in (
            "night-run",
            "fast · cifar10 · cpu AMD EPYC",
            "● DONE",
            "test accuracy 72.0%",
            "Loss",
            "Epochs",
            "★ 3",
            "Test accuracy · best, epoch 3",
            "airplane",
            "truck",
            "Test images · epoch 3",
            "✗ ",
            "Checkpoints",
            "1.0000 → 0.6667",
            "epoch-0003.pt",
            "? Help",
            "q Quit",
        ):
            assert wanted in text, f"{wanted!r} is missing in\n{text}"
        assert "Pause" not in text
        await pilot.press("q")
    assert app.return_code == 0


async def test_the_first_frame_waits_in_words() -> None:
    app = make_app(
        lambda config, control, tell: tell(
            PreparationAdvanced(step="Downloading CIFAR-10", done=5, total=10, unit="bytes")
        )
    )
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: "Downloading" in screen_text(app))
        text = screen_text(app)
        for wanted in (
            "PREPARING",
            "50 %",
            "The loss appears here",
            "Each class gets a bar",
            "Test images appear here",
            "Saved after",
        ):
            assert wanted in text


async def test_space_pauses_and_resumes_and_the_label_turns() -> None:
    script = Script(hold_at=(2, 5))
    app = make_app(script)
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, script.holding.is_set)
        await until(pilot, lambda: "space Pause" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: app.run_state.status == "PAUSED")
        await until(pilot, lambda: "space Resume" in screen_text(app))
        assert "● PAUSED" in screen_text(app)
        await pilot.press("space")
        await until(pilot, lambda: app.run_state.status == "TRAINING" and "space Pause" in screen_text(app))
        script.go.set()
        await until(pilot, lambda: app.run_state.status == "DONE")


async def test_events_that_come_while_leaving_still_count() -> None:
    script = Script(hold_at=(1, 3))
    app = make_app(script)
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, script.holding.is_set)
    script.go.set()
    assert app.controller.client.join(10)
    app.take_events()  # its screens are gone
    assert app.run_state.status == "DONE"


async def test_s_saves() -> None:
    script = Script(hold_at=(1, 3))
    app = make_app(script)
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, script.holding.is_set)
        await pilot.press("s")
        await until(pilot, lambda: script.saves == 1)
        script.go.set()


@pytest.mark.parametrize(("key", "saved"), [("s", True), ("d", False)])
async def test_q_asks_and_then_stops(key: str, saved: bool) -> None:
    script = Script(hold_at=(1, 3))
    app = make_app(script)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, script.holding.is_set)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        text = screen_text(app)
        assert "Stop and save" in text and "Keep training" in text and "Discard" in text
        await pilot.press(key)
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 0
    assert (app.run_state.ended.saved is not None) == saved  # type: ignore[union-attr]


async def test_keep_training_goes_back() -> None:
    script = Script(hold_at=(1, 3))
    app = make_app(script)
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, script.holding.is_set)
        for key in ("k", "escape"):
            await pilot.press("q")
            await until(pilot, lambda: isinstance(app.screen, QuitDialog))
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, Dashboard))
        assert app.controller.capabilities.stop
        script.go.set()
        await until(pilot, lambda: app.run_state.status == "DONE")


async def test_ctrl_c_twice_leaves_at_once() -> None:
    script = Script(hold_at=(1, 3))
    app = make_app(script)
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, script.holding.is_set)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 130 and app.leaving.at_once
    script.go.set()


async def test_help_lists_every_key_from_the_bindings() -> None:
    app = make_app(Script(hold_at=(1, 3)))
    async with app.run_test(size=(120, 80)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog) and "Loss" in screen_text(app))
        text = screen_text(app)
        for binding in (
            b
            for node in (app, app.screen_stack[-2])
            for bs in node._bindings.key_to_bindings.values()
            for b in bs
            if b.id
        ):
            assert (binding.tooltip or binding.description) in text
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_a_palette_closed_twice_closes_nothing_else() -> None:
    script = Script(hold_at=(1, 3))
    app = make_app(script)
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, script.holding.is_set)
        await pilot.press("ctrl+p", *"smoothing")
        palette = app.screen
        assert isinstance(palette, Palette)
        await until(pilot, lambda: palette.query_one(CommandList).option_count > 0)
        for _ in range(2):  # enter, and again before the first has been dealt with
            palette.dismiss()
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        await pilot.press("6")
        await until(pilot, lambda: isinstance(app.screen, LogScreen))
        script.go.set()


async def test_the_palette_has_every_action() -> None:
    script = Script(hold_at=(1, 3))
    app = make_app(script)
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: script.holding.is_set() and app.run_state.started is not None)
        commands = {c.title: c for c in app.get_system_commands(app.screen)}
        assert {
            "Pause",
            "Save now",
            "Help",
            "Quit",
            "Dark or light",
            "Log scale",
            "Smoothing",
            "Sort classes",
            "Next images",
            "Panel: Loss",
            "Log",
            "Predictions",
            "Confusion",
            "Evaluate",
            "Own image",
        } <= set(commands)
        assert "Resume" not in commands
        commands["Save now"].callback()
        await until(pilot, lambda: script.saves == 1)
        commands["Log"].callback()
        await until(pilot, lambda: isinstance(app.screen, LogScreen))
        script.go.set()


async def test_a_small_terminal_shows_one_panel_at_a_time() -> None:
    app = make_app(Script(epochs=3))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE")
        shown = []
        for panel in PANELS:
            await pilot.pause(0.1)
            visible = [w.id for w in app.screen.query(".panel") if w.display and w.size.width]
            assert visible == [panel]
            shown.append(screen_text(app))
            await pilot.press("tab")
        for text, wanted in zip(shown, ("best", "★ 3", "automobile", "✓", "epoch-0003.pt"), strict=True):
            assert wanted in text
            assert "night-run" in text and "DONE" in text and "1 Dashboard" in text and " Loss " in text
            assert all(len(line) <= 80 for line in text.splitlines())
        await pilot.pause(0.1)
        assert [w.id for w in app.screen.query(".panel") if w.display] == ["loss"]
        await pilot.press("shift+tab")
        await pilot.pause(0.1)
        assert [w.id for w in app.screen.query(".panel") if w.display] == ["checkpoints"]


async def test_a_large_terminal_shows_all_and_a_key_shows_one_alone() -> None:
    app = make_app(Script(epochs=2))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE")

        def visible() -> list[str | None]:
            return [w.id for w in app.screen.query(".panel") if w.display and w.parent.display]  # type: ignore[union-attr]

        assert visible() == ["loss", "epochs", "classes", "images", "checkpoints"]
        marked = [w.id for w in app.screen.query(".-selected")]
        assert marked == []
        for panel in ("loss", "epochs"):
            await pilot.press("tab")
            await pilot.pause(0.1)
            assert [w.id for w in app.screen.query(".-selected")] == [panel]
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert visible() == ["epochs"]
        await pilot.press("tab", "tab")
        await pilot.pause(0.1)
        assert visible() == ["images"]
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert len(visible()) == 5
        await pilot.press("enter", "escape")
        await pilot.pause(0.1)
        assert len(visible()) == 5


async def test_plot_keys_change_the_plot() -> None:
    app = make_app(Script(epochs=3))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE")
        await until(pilot, lambda: "l linear · m smooth 0 · r all" in screen_text(app))
        await pilot.press("l", "m", "r")
        await until(pilot, lambda: "l log · m smooth 0.6 · r recent" in screen_text(app))


async def test_classes_sort_and_images_page() -> None:
    app = make_app(Script(epochs=2))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE")
        await until(pilot, lambda: "1–3 of 48" in screen_text(app))

        def order() -> bool:
            return screen_text(app).index("airplane") < screen_text(app).index("truck")

        assert order()
        await pilot.press("o")
        await until(pilot, lambda: "best first" in screen_text(app))
        assert not order()
        await pilot.press("right")
        await until(pilot, lambda: "4–6 of 48" in screen_text(app))
        await pilot.press("left", "left")
        await until(pilot, lambda: "46–48 of 48" in screen_text(app))


async def test_themes_switch() -> None:
    app = make_app(Script(epochs=1))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE")
        assert app.theme == "cifar-dark"
        await pilot.press("d")
        await pilot.pause(0.2)
        assert app.theme == "cifar-light"
        await pilot.press("d")
        assert app.theme == "cifar-dark"


async def test_ascii_mode_draws_no_other_character() -> None:
    app = make_app(Script(epochs=2), ascii=True)
    for size in (LARGE, SMALL):
        app = make_app(Script(epochs=2), ascii=True)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda app=app: app.run_state.status == "DONE")  # type: ignore[misc]
            for key in ("tab", "tab", "tab", "tab", "tab", "2", "3", "4", "5", "6"):
                await pilot.press(key)
                await pilot.pause(0.1)
                strange = {c for c in screen_text(app) if ord(c) > 127}
                assert not strange, f"{strange} after {key}:\n{screen_text(app)}"


async def test_a_failure_is_shown_and_the_app_stays_usable() -> None:
    app = make_app(failing())
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FailureDialog))
        await pilot.pause(0.1)
        text = screen_text(app)
        assert "Loss is not a number" in text and "In epoch 3, batch 7." in text and "Traceback" in text
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        await pilot.press("6")
        await until(pilot, lambda: "Loss is not a number" in screen_text(app))
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 1


class MissingOnce:
    """An engine that finds no data the first time."""

    def __init__(self) -> None:
        self.configs: list[Config] = []

    def __call__(self, config: Config, control: Control, tell: Listener) -> object:
        self.configs.append(config)
        if len(self.configs) == 1:
            return failing(title="Data not found", message="Offline.", kind="data_unavailable")(config, control, tell)
        return Script(epochs=1)(config, control, tell)


@pytest.mark.parametrize(("key", "dataset"), [("t", "cifar10"), ("b", "shapes")])
async def test_missing_data_offers_ways_out(key: str, dataset: str) -> None:
    engine = MissingOnce()
    app = make_app(engine)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.screen, DataMissingDialog))
        await pilot.pause(0.1)
        text = screen_text(app)
        assert all(w in text for w in ("Offline.", "Try again", "Another folder", "Built-in", "Quit"))
        await pilot.press(key)
        await until(pilot, lambda: app.run_state.status == "DONE")
    assert [c.data.dataset for c in engine.configs] == ["cifar10", dataset]


async def test_missing_data_takes_another_folder(tmp_path: Path) -> None:
    engine = MissingOnce()
    app = make_app(engine)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.screen, DataMissingDialog))
        await pilot.press("f")
        field = app.screen.query_one(Input)
        await until(pilot, lambda: field.has_focus)
        for path in (str(tmp_path / "none"), "~nobody-of-this-name/images", "/proc/1/root/x" * 500):
            field.value = path
            await pilot.press("enter")
            await pilot.pause(0.1)
            assert isinstance(app.screen, DataMissingDialog), "a path that does not exist is not taken"
        field.value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: app.run_state.status == "DONE")
    assert engine.configs[-1].data.dataset == str(tmp_path)


async def test_missing_data_lets_leave_with_code_2() -> None:
    app = make_app(MissingOnce())
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.screen, DataMissingDialog))
        await pilot.press("q")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 2


async def test_stray_prints_go_to_the_log() -> None:
    def engine(config: Config, control: Control, tell: Listener) -> object:
        print("a library speaks")
        return Script(epochs=1)(config, control, tell)

    app = make_app(engine)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE")
        await pilot.press("6")
        await until(pilot, lambda: "a library speaks" in screen_text(app))


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (20, 8), (40, 12), (60, 15), (110, 32), (200, 60), (300, 20)])
async def test_any_size_draws(size: tuple[int, int]) -> None:
    app = make_app(Script(epochs=2))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE")
        for key in "123456":
            await pilot.press(key)
        await pilot.resize_terminal(80, 24)
        await pilot.resize_terminal(*size)
        await pilot.pause(0.1)
        assert app.return_code is None


async def test_the_real_engine_trains_pauses_and_ends(quick: Callable[..., Config]) -> None:
    app = make_app(real_engine(None), quick(epochs=300))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: len(app.run_state.rows) >= 2, 60)
        await pilot.press("space")
        await until(pilot, lambda: app.run_state.status == "PAUSED")
        rows = len(app.run_state.rows)
        await asyncio.sleep(0.5)
        await pilot.pause()
        assert len(app.run_state.rows) == rows, "a paused run trains nothing"
        await pilot.press("space")
        await until(pilot, lambda: len(app.run_state.rows) > rows)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("s")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 0
    assert app.controller.client.join(10)
    saved = app.run_state.ended.saved  # type: ignore[union-attr]
    assert Path(saved).is_file()


async def test_news_of_a_size_that_is_no_longer_so_is_passed_over() -> None:
    app = make_app(Script(epochs=1))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE")
        for dialog in (None, HelpDialog()):
            if dialog is not None:
                app.push_screen(dialog)
                await until(pilot, lambda dialog=dialog: app.screen is dialog)  # type: ignore[misc]
            stale = Size(100, 30)
            app.screen.post_message(events.Resize(stale, stale, stale))
            await pilot.pause()
            assert app.screen.size == Size(*SMALL)


@pytest.mark.parametrize("event", [events.Paste("é\n"), events.Key("q", "q")])
async def test_what_is_typed_or_pasted_as_the_screens_go_is_dropped(event: events.Event) -> None:
    app = make_app(Script())
    async with app.run_test() as pilot:
        await pilot.pause()
        screens, app._screen_stacks = app._screen_stacks, {"_default": []}
        try:
            await app.on_event(event)
        finally:
            app._screen_stacks = screens
