"""Asks before quitting while a run is under way."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui_cifar.run.state import RunState
from tui_cifar.screens.base.settled import Settled


class QuitDialog(Settled, ModalScreen[str]):
    """Returns "save", "keep" or "discard"."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,q", "answer('save')", "Stop and save"),
        Binding("k,escape", "answer('keep')", "Keep training"),
        Binding("d", "answer('discard')", "Discard"),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, state: RunState) -> None:
        super().__init__()
        self._state = state

    def compose(self) -> ComposeResult:
        done = len(self._state.rows)
        kept = f"the checkpoint of epoch {done} is kept" if done else "nothing has been saved yet"
        with Vertical(classes="dialog") as box:
            box.border_title = "Quit?"
            yield Button("s  Stop and save", id="save", compact=True)
            yield Static("   save the current batch; --resume continues from there", classes="note")
            yield Button("k  Keep training", id="keep", compact=True)
            yield Static("   back to the dashboard", classes="note")
            yield Button("d  Discard", id="discard", compact=True)
            yield Static(f"   stop without saving the current batch; {kept}", classes="note")
            yield Static("ctrl+c again quits at once", classes="hint")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id)

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer)
