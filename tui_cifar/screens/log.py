"""The log on a screen of its own."""

from __future__ import annotations

from textual.app import ComposeResult

from tui_cifar.run.state import RunState
from tui_cifar.screens.base.run_screen import RunScreen
from tui_cifar.widgets.log_pane import LogPane


class LogScreen(RunScreen):
    """Preparation, warnings, and whatever was printed."""

    view_id = "log"
    AUTO_FOCUS = "LogPane"  # so that it scrolls

    def body(self) -> ComposeResult:
        yield LogPane(ascii=self._ascii, id="log")

    def parts(self) -> tuple[str, ...]:
        return ("lines",)

    def update(self, state: RunState) -> None:
        self.query_one(LogPane).show(state)
