"""The header of a run."""

from __future__ import annotations

import pytest

from engine.events.types import (
    PreparationAdvanced,
    RunFailed,
    RunPaused,
)
from tests.support.events import fold, run_events, run_started
from tests.support.stage import on_stage, screen
from tui_cifar.widgets.chrome.header import RunHeader


async def test_header_while_training() -> None:
    async with on_stage(RunHeader(), fold(*run_events(epochs=1)), (120, 4), "GPU 87 %  3.1/141 GiB") as pilot:
        first, second = screen(pilot).splitlines()[:2]
        assert first.split() == [
            "night",
            "fast",
            "·",
            "cifar10",
            "·",
            "cpu",
            "EPYC",
            "·",
            "2",
            "threads",
            "·",
            "float32",
            "·",
            "no",
            "CUDA",
            "●",
            "TRAINING",
        ]
        assert "epoch 2/4" in second and "45 %" in second and "4,100 img/s" in second and "left 1:02" in second
        assert second.rstrip().endswith("GPU 87 %  3.1/141 GiB")


async def test_header_while_preparing_and_at_the_end() -> None:
    view = fold(PreparationAdvanced(step="Downloading CIFAR-10", done=71_200_000, total=170_500_000, unit="bytes"))
    header = RunHeader()
    async with on_stage(header, view, (80, 4)) as pilot:
        shown = screen(pilot)
        assert "PREPARING" in shown and "Downloading CIFAR-10" in shown and "41 %" in shown and "71.2/170.5 MB" in shown
        header.show(fold(*run_events(epochs=4, test=True)))
        await pilot.pause()
        assert "DONE" in screen(pilot) and "test accuracy 72.2%" in screen(pilot)
        header.show(fold(run_started(), RunPaused(phase="training", epoch=1, step=1)))
        await pilot.pause()
        assert "PAUSED" in screen(pilot)
        header.show(
            fold(run_started(), RunFailed(title="Out of memory", message="Use a smaller batch.", kind="out_of_memory"))
        )
        await pilot.pause()
        assert "FAILED" in screen(pilot) and "Out of memory" in screen(pilot)


@pytest.mark.parametrize("width", [1, 5, 12, 40, 80])
async def test_header_fits_any_width_in_ascii(width: int) -> None:
    async with on_stage(RunHeader(ascii=True), fold(*run_events(epochs=1)), (width, 4), "GPU 87 %  61 °C") as pilot:
        lines = screen(pilot).splitlines()
        assert all(line.isascii() and len(line) == width for line in lines)
        assert not "".join(lines[2:]).strip(), "two lines, never wrapped"


async def test_the_header_fits_a_new_size_when_nothing_else_changes() -> None:
    header = RunHeader()
    async with on_stage(header, fold(*run_events(epochs=1)), (100, 2)) as pilot:
        await pilot.resize_terminal(60, 2)
        await pilot.pause()
        first, second = screen(pilot).splitlines()[:2]
        assert first.rstrip().endswith(("TRAINING", "VALIDATING")) and second.strip().startswith("epoch")
