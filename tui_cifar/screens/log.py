"""The log on a screen of its own."""

from __future__ import annotations

from textual.app import ComposeResult

from tui_cifar.run.state import RunState
from tui_cifar.screens.base.run_screen import RunScreen
from tui_cifar.widgets.panels.log_pane import LogPane


class LogScreen(RunScreen):
    """What was prepared, warned of, and printed."""

    view_id = "log"
    AUTO_FOCUS = "LogPane"  # so that it scrolls

    def body(self) -> ComposeResult:
        """The log pane."""
        yield LogPane(ascii=self._ascii, id="log")

    def parts(self) -> tuple[str, ...]:
        """The lines."""
        return ("lines",)

    def update(self, view: RunState) -> None:
        """Write the lines that are new."""
        self.query_one(LogPane).show(view)
