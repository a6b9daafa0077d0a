"""The dashboard is made from the registry of panels."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from rich.console import RenderableType
from textual.binding import Binding, BindingType

from tests.support.app import LARGE, SMALL, make_app, press, screen_text, until
from tests.support.scripted import Script
from tui_cifar.app.settings import Settings
from tui_cifar.screens.dashboard import Dashboard, panel_keys
from tui_cifar.screens.dialogs.help import HelpDialog
from tui_cifar.widgets.panels.panel import Choice, Panel
from tui_cifar.widgets.panels.registry import PANELS, PanelEntry


class Counter(Panel):
    """Counts epochs, or twice as many."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("y", "double", "Double", id="counter.double", tooltip="Count everything twice"),
    )
    CHOICES: ClassVar[tuple[Choice, ...]] = (Choice("counter factor", "factor", (1, 2)),)
    DEFAULT_CSS = "Counter { height: 3; }"
    parts = ("rows",)
    factor = 1

    def action_double(self) -> None:
        self.factor = 3 - self.factor
        self.redraw()

    def draw(self) -> RenderableType:
        self.titles("Counter", ("counter.double", f"×{self.factor}"))
        return f"counted {len(self.state.rows) * self.factor}"


@pytest.fixture
def another_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more entry in the registry, before the dashboard's keys are made from it."""
    monkeypatch.setitem(PANELS, "counter", PanelEntry("counter", "Counter", Counter, "left"))

    class WithCounter(Dashboard):
        BINDINGS: ClassVar[list[BindingType]] = [key for key in panel_keys() if key.id == "counter.double"]

    monkeypatch.setattr("tui_cifar.screens.dashboard.Dashboard", WithCounter)


@pytest.mark.usefixtures("another_panel")
async def test_an_entry_is_all_that_a_panel_needs(tmp_path: Path) -> None:
    app = make_app(Script(epochs=2), settings=Settings.read(tmp_path))
    async with app.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: app.run_state.status == "DONE" and "counted 2" in screen_text(app))
        assert "Panel: Counter" in {command.title for command in app.get_system_commands(app.screen)}
        await press(pilot, "y")
        assert "counted 4" in screen_text(app) and "y ×2" in screen_text(app)
        await pilot.resize_terminal(*SMALL)
        await press(pilot, *["tab"] * (len(PANELS) - 1))
        await until(pilot, lambda: "Checkpoints   Counter" in screen_text(app) and "counted 4" in screen_text(app))
        await press(pilot, "enter")
    assert Settings.read(tmp_path).choices["counter factor"] == 2
    again = make_app(Script(epochs=2), settings=Settings.read(tmp_path))
    async with again.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: "counted 4" in screen_text(again))


async def test_the_keys_of_panels_are_in_the_help_under_their_titles() -> None:
    app = make_app(Script(epochs=1))
    async with app.run_test(size=(120, 80)) as pilot:
        await press(pilot, "question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        text = screen_text(app)
        for entry in PANELS.values():
            for binding in entry.panel.KEYS:
                assert entry.title in text and str(binding.tooltip) in text


def test_names_of_panels_and_of_their_choices_are_unique() -> None:
    assert all(name == entry.name for name, entry in PANELS.items())
    names = ["panel", *(choice.name for entry in PANELS.values() for choice in entry.panel.CHOICES)]
    ids = [binding.id for entry in PANELS.values() for binding in entry.panel.KEYS]
    assert len(names) == len(set(names)) and len(ids) == len(set(ids)) and None not in ids
