"""The question before leaving a run that is under way."""

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
    """Answers "save", "keep" or "discard"."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,q", "answer('save')", "Stop and save"),
        Binding("k,escape", "answer('keep')", "Keep training"),
        Binding("d", "answer('discard')", "Discard"),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, view: RunState) -> None:
        super().__init__()
        self._view = view

    def compose(self) -> ComposeResult:
        """A title and three buttons, each with its key."""
        done = len(self._view.rows)
        kept = f"the checkpoint of epoch {done} stays" if done else "nothing was saved yet"
        with Vertical(classes="dialog") as box:
            box.border_title = "Leave?"
            yield Button("s  Stop and save", id="save", compact=True)
            yield Static("   save this very batch; --resume goes on from it", classes="note")
            yield Button("k  Keep training", id="keep", compact=True)
            yield Static("   back to the dashboard", classes="note")
            yield Button("d  Discard", id="discard", compact=True)
            yield Static(f"   stop without saving this batch; {kept}", classes="note")
            yield Static("ctrl+c again leaves at once", classes="hint")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A click or Enter answers as the key does."""
        self.dismiss(event.button.id)

    def action_answer(self, answer: str) -> None:
        """Close with an answer."""
        self.dismiss(answer)
