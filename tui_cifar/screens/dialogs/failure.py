"""Says why a run has failed, with the traceback of an unexpected error."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_cifar.screens.base.settled import Settled


class FailureDialog(Settled, ModalScreen[None]):
    """Says what went wrong. What the run has reached stays on the screens below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "close", "Close"),
        Binding("q", "app.leave", "Quit"),
    ]

    def __init__(self, title: str, message: str, detail: str = "") -> None:
        super().__init__()
        self._title, self._message, self._detail = title, message, detail

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog error") as box:
            box.border_title = self._title
            yield Static(self._message, markup=False)
            if self._detail:
                with VerticalScroll(classes="detail"):
                    yield Static(self._detail, markup=False)
            yield Static("enter: back to the dashboard   q: quit", classes="hint")

    def action_close(self) -> None:
        self.dismiss(None)
