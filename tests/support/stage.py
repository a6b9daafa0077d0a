"""Widgets mounted alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from tui_cifar.app.theme import THEMES
from tui_cifar.run.state import RunState
from tui_cifar.terminal.textual_private import screen_strips
from tui_cifar.widgets.chrome.header import RunHeader


class Stage(App[None]):
    """A widget on the whole screen, or several."""

    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        self.widgets = widgets

    def compose(self) -> ComposeResult:
        yield from self.widgets

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "cifar-dark"


@asynccontextmanager
async def on_stage(widget: Any, state: RunState, size: tuple[int, int] = (78, 20), *more: object) -> AsyncIterator[Any]:
    """A pilot, after the widget has shown the state."""
    app = Stage(widget)
    async with app.run_test(size=size) as pilot:
        if not isinstance(widget, RunHeader):
            widget.styles.height = "100%"
        await pilot.pause()
        widget.show(state, *more)
        await pilot.pause()
        yield pilot


def screen(pilot: Pilot[None]) -> str:
    """The characters on the screen."""
    height = pilot.app.size.height
    return "\n".join(strip.text for strip in screen_strips(pilot.app.screen)[:height])
