"""The dashboard's panels, mounted alone: what they say, when they draw, and what they say while they wait."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from engine.events.types import (
    CheckpointFailed,
    CheckpointSaved,
    CheckpointSkipped,
    ClassCount,
    EpochStarted,
    LineLogged,
    LossSampled,
)
from tests.support.events import epoch_completed, fold, one_epoch, run_events, run_started
from tests.support.stage import Stage, on_stage, screen
from tui_cifar.app.theme import colour
from tui_cifar.run.state import RunState
from tui_cifar.widgets.chrome.header import RunHeader
from tui_cifar.widgets.log_pane import LogPane
from tui_cifar.widgets.panels.checkpoint_log import CheckpointLog
from tui_cifar.widgets.panels.class_bars import ClassBars
from tui_cifar.widgets.panels.epoch_table import EpochTable, columns_for
from tui_cifar.widgets.panels.image_strip import ImageStrip
from tui_cifar.widgets.panels.loss_plot import LossPlot
from tui_cifar.widgets.panels.panel import Panel

SIZES = [(118, 38), (40, 8)]

PANELS: list[tuple[Callable[..., Any], str]] = [
    (LossPlot, "The loss appears here"),
    (EpochTable, "A row for each epoch"),
    (ClassBars, "Each class gets a bar"),
    (lambda **kw: ImageStrip(mode="ascii" if kw.get("ascii") else "truecolor", **kw), "Test images appear here"),
    (CheckpointLog, "Saved after each epoch"),
]


@pytest.mark.parametrize(("make", "words"), PANELS)
async def test_an_empty_panel_says_what_it_waits_for(make: Callable[..., Any], words: str) -> None:
    async with on_stage(make(), RunState()) as pilot:
        assert words in screen(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [p[0] for p in PANELS] + [LogPane])
async def test_ascii_panels_are_ascii(make: Callable[..., Any], size: tuple[int, int]) -> None:
    view = fold(*run_events(epochs=3), *(LineLogged(source="engine", text=f"line → {i}") for i in range(60)))
    async with on_stage(make(ascii=True), view, size) as pilot:
        shown = screen(pilot)
        assert shown.isascii(), [c for c in shown if not c.isascii()]
        assert shown.strip()


@pytest.mark.parametrize("make", [p[0] for p in PANELS] + [LogPane])
async def test_no_size_is_too_small(make: Callable[..., Any]) -> None:
    view, widget = fold(*run_events(epochs=3)), make()
    async with on_stage(widget, view, (20, 4)) as pilot:
        for size in ((9, 3), (3, 2), (1, 1), (30, 1)):
            await pilot.resize_terminal(*size)
            widget.show(view)
            await pilot.pause()


async def test_any_theme() -> None:
    view = fold(*run_events(epochs=2))
    widgets = [make() for make, _ in PANELS]
    async with Stage(RunHeader(), *widgets).run_test(size=(78, 100)) as pilot:
        for widget in widgets:
            widget.styles.height = 19
        for theme in ("textual-light", "ansi-dark", "nord", "cifar-light"):
            pilot.app.theme = theme
            await pilot.pause()
            for widget in widgets:
                widget.show(view)
            pilot.app.query_one(RunHeader).show(view, "GPU 87 %")
            await pilot.pause()
            assert "epoch 3/4" in screen(pilot) and "train 0.617" in screen(pilot), theme


@pytest.mark.parametrize("make", [LossPlot, ClassBars, CheckpointLog, PANELS[3][0]])
async def test_a_panel_draws_only_what_is_new(make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    view = fold(*run_events(epochs=2))
    panel = make()
    panel.seconds = 0
    drawn = []
    async with on_stage(panel, view) as pilot:
        update = panel.update
        monkeypatch.setattr(panel, "update", lambda content, **how: (drawn.append(1), update(content, **how)))
        for _ in range(5):
            panel.show(view)
        assert not drawn
        fold(*one_epoch(3), view=view)
        panel.show(view)
        assert len(drawn) == 1
        pilot.app.theme = "cifar-light"
        await pilot.pause()
        panel.show(view)
        assert len(drawn) == 2
        await pilot.resize_terminal(60, 18)
        await pilot.pause()
        assert len(drawn) >= 3
        assert isinstance(panel, Panel)


async def test_plot_options_are_in_the_border() -> None:
    plot = LossPlot()
    async with on_stage(plot, fold(*run_events(epochs=3))) as pilot:
        assert "linear · smooth 0 · all" in screen(pilot)
        plot.action_log_scale(), plot.action_smoothing(), plot.action_window()
        await pilot.pause()
        assert "log · smooth 0.6 · recent" in screen(pilot)
        plot.action_smoothing(), plot.action_smoothing()
        await pilot.pause()
        assert "smooth 0 " in screen(pilot)


async def test_table_rows_are_changed_in_place() -> None:
    table = EpochTable()
    view = fold(*run_events(epochs=2, upto=5))
    async with on_stage(table, view) as pilot:
        rows = [line.strip("│ ").split() for line in screen(pilot).splitlines() if "│" in line]
        assert rows[0] == ["epoch", "train", "valid", "train", "%", "valid", "%", "lr", "time"]
        assert rows[1] == ["1", "2.0000", "2.1000", "51.0", "61.0", "0.01", "2.1", "s"]
        assert rows[2] == ["★", "2", "1.0000", "1.0500", "52.0", "62.0", "0.01", "2.1", "s"]
        assert rows[3] == ["3", "0.6167", "…", "…", "…", "0.01"]
        keys = list(table.rows)
        fold(LossSampled(epoch=3, step=6, steps=10, train_loss=0.5), view=view)
        table.show(view)
        fold(epoch_completed(3), view=view)
        table.show(view)
        await pilot.pause()
        assert list(table.rows) == keys
        rows = [line.strip("│ ").split() for line in screen(pilot).splitlines() if "│" in line]
        assert rows[2][0] == "2" and rows[3][:2] == ["★", "3"]


async def test_the_table_follows_the_latest_row_and_drops_epochs_that_a_resumed_run_repeats() -> None:
    table = EpochTable()
    view = fold(run_started(epochs=60), *(epoch_completed(e, best=False) for e in range(1, 50)))
    async with on_stage(table, view, (78, 12)) as pilot:
        await pilot.pause()
        assert " 49 " in screen(pilot) and " 1 " not in screen(pilot)
        fold(run_started(epochs=60, epoch=4), EpochStarted(epoch=4, learning_rate=0.01), view=view)
        table.show(view)
        await pilot.pause()
        assert table.row_count == 4


async def test_table_takes_the_colours_of_a_new_theme() -> None:
    table = EpochTable()
    view = fold(*run_events(epochs=2))
    async with on_stage(table, view) as pilot:
        pilot.app.theme = "cifar-light"
        await pilot.pause()
        table.show(view)
        cell = table.get_cell("1", "lr")
        assert cell.style == colour(pilot.app.theme_variables, "dim")


def names(shown: str) -> list[str]:
    """The first words of a panel's lines."""
    return [line.strip("│ ").split()[0] for line in shown.splitlines()[1:-1] if line.strip("│ ")]


async def test_class_bars_say_accuracy_and_change() -> None:
    bars = ClassBars()
    async with on_stage(bars, fold(*run_events(epochs=2))) as pilot:
        shown = screen(pilot)
        assert "Validation accuracy · epoch 2" in shown
        cat = next(line for line in shown.splitlines() if "cat" in line).strip("│ ").split()
        assert cat[-2:] == ["52.0", "+1.0"]
        assert names(shown) == ["cat", "dog", "frog", "all"]
        bars.action_sort()
        await pilot.pause()
        assert names(screen(pilot)) == ["frog", "dog", "cat", "all"] and "best first" in screen(pilot)
        bars.action_sort()
        await pilot.pause()
        assert names(screen(pilot)) == ["cat", "dog", "frog", "all"] and "worst first" in screen(pilot)
        bars.show(fold(*run_events(epochs=4, test=True)))
        await pilot.pause()
        assert "Test accuracy · best, epoch 4" in screen(pilot)


@pytest.mark.parametrize("count", [2, 10, 100])
async def test_any_number_of_classes_and_long_names(count: int) -> None:
    classes = tuple(ClassCount(name=f"a class with a very long name {i}", correct=i, total=100) for i in range(count))
    view = fold(run_started(), epoch_completed(1))
    view.rows = [dataclasses.replace(view.rows[0], per_class=classes)]
    async with on_stage(ClassBars(), view, (60, 14)) as pilot:
        lines = screen(pilot).splitlines()
        assert any(line.strip("│ ").startswith("all") for line in lines)
        assert ("90 more" in "\n".join(lines)) == (count == 100)
        assert "…" in lines[1]


async def test_checkpoints_newest_first() -> None:
    view = fold(
        *run_events(epochs=2),
        CheckpointFailed(path="x.pt", epoch=3, step=4, reason="asked", error="No space left on device"),
        CheckpointSkipped(path="y.pt", error="digest differs"),
        CheckpointSaved(
            path="runs/night/checkpoints/asked.pt",
            epoch=3,
            step=5,
            reason="asked",
            valid_loss=None,
            previous_best=None,
            size=1,
            seconds=0.1,
        ),
    )
    async with on_stage(CheckpointLog(), view) as pilot:
        lines = [line.strip("│ ") for line in screen(pilot).splitlines()[1:6]]
        assert "epoch 3, batch 5" in lines[0] and "asked.pt" in lines[0]
        assert "✗ skipped: digest differs" in lines[1]
        assert "✗ epoch 3 not saved: No space left on device" in lines[2]
        assert "2.1000 → 1.0500" in lines[3] and "epoch-0002.pt" in lines[3]
        assert "epoch 1" in lines[4] and "first, 2.1000" in lines[4]


async def test_log_writes_each_line_once() -> None:
    log = LogPane()
    view = fold(LineLogged(source="stderr", text="first"))
    async with on_stage(log, view) as pilot:
        fold(LineLogged(source="stderr", text="second"), view=view)
        for _ in range(3):
            log.show(view)
        await pilot.pause()
        shown = screen(pilot)
        assert shown.count("first") == shown.count("second") == 1


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
async def test_grey_is_dim_in_themes_of_the_terminals_own_colours(theme: str) -> None:
    view = fold(*run_events(epochs=2))
    for make, word in ((EpochTable, "0.01"), (ClassBars, "+"), (LossPlot, "└")):
        panel = make()
        async with on_stage(panel, view) as pilot:
            pilot.app.theme = theme
            await pilot.pause()
            panel.show(view)
            await pilot.pause()
            segments = [s for y in range(panel.size.height) for s in panel.render_line(y)]
            found = [s.style for s in segments if word in s.text]
            assert any(style is not None and style.dim for style in found), make


def test_the_epoch_table_uses_the_room() -> None:
    for width in (40, 61, 80, 100, 200):
        columns = columns_for(width)
        used = sum(w + 2 for _, _, w in columns)
        assert used <= max(width, 61)
        assert ("bar" in [key for key, _, _ in columns]) is (width >= 100)
    assert columns_for(61) == columns_for(0), "its least width"
