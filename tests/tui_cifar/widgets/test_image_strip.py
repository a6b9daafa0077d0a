"""The panel of test images."""

from __future__ import annotations

from tests.support.events import fold, run_events
from tests.support.stage import on_stage, screen
from tui_cifar.widgets.panels.image_strip import ImageStrip


async def test_images_captions_and_pages() -> None:
    strip = ImageStrip(mode="truecolor")
    async with on_stage(strip, fold(*run_events(epochs=1)), (80, 20)) as pilot:
        shown = screen(pilot)
        assert "1–2 of 4" in shown and "Test images · epoch 1" in shown
        assert "✓ cat 0.97" in shown and "✓ dog 0.61" in shown
        assert max(line.count("▀") for line in shown.splitlines()) == 64
        strip.action_turn(1)
        await pilot.pause()
        assert "3–4 of 4" in screen(pilot) and "✗ dog (0.50), actually frog" in screen(pilot)
        strip.action_turn(1)
        await pilot.pause()
        assert "1–2 of 4" in screen(pilot), "after the last page comes the first"
        strip.action_turn(-1)
        await pilot.pause()
        assert "3–4 of 4" in screen(pilot)


async def test_images_before_the_first_epoch_have_their_class() -> None:
    async with on_stage(ImageStrip(mode="truecolor"), fold(*run_events(epochs=0)), (80, 20)) as pilot:
        shown = screen(pilot)
        assert "cat" in shown and "✓" not in shown and "✗" not in shown


async def test_images_shrink_if_there_is_little_room() -> None:
    async with on_stage(ImageStrip(mode="truecolor"), fold(*run_events(epochs=1)), (40, 12)) as pilot:
        shown = screen(pilot)
        assert "1–2 of 4" in shown and f"{'cat':12}0.97" in shown and shown.count("✓ correct") == 2
    async with on_stage(ImageStrip(mode="truecolor"), fold(*run_events(epochs=1)), (58, 19)) as pilot:
        shown = screen(pilot)
        assert "1–3 of 4" in shown and "✓ cat 0.97" in shown and "✗ true: frog" in shown, (
            "one large, two small beside it"
        )
    async with on_stage(ImageStrip(mode="truecolor"), fold(*run_events(epochs=1)), (12, 5)) as pilot:
        assert "No room" in screen(pilot)


async def test_images_off() -> None:
    async with on_stage(ImageStrip(mode="off"), fold(*run_events(epochs=1))) as pilot:
        assert "switched off" in screen(pilot)
