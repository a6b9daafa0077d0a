"""Asks at the start whether to resume an unfinished run."""

from __future__ import annotations

import time
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui_cifar.render.text.format import short_path
from tui_cifar.run.resume import Unfinished
from tui_cifar.screens.base.settled import Settled


class ResumeDialog(Settled, ModalScreen[str]):
    """Returns "resume", "new" or "leave"."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "answer('resume')", "Resume"),
        Binding("n,escape", "answer('new')", "New run"),
        Binding("q", "answer('leave')", "Quit"),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, run: Unfinished) -> None:
        super().__init__()
        self._run = run

    def compose(self) -> ComposeResult:
        run = self._run
        with Vertical(classes="dialog") as box:
            box.border_title = "Resume the unfinished run?"
            position = f"epoch {run.epoch} of {run.config.run.epochs}" + (
                "" if run.step is None else f", batch {run.step:,}"
            )
            when = time.strftime("%d %b %H:%M", time.localtime(run.saved))
            text = f"{run.path.name}\n{run.config.recipe} on {short_path(run.config.data.dataset)}\nsaved at {position}; {when}"
            yield Static(text, markup=False, classes="message")
            yield Button("r  Resume", id="resume", compact=True)
            yield Button("n  Start a new run", id="new", compact=True)
            yield Button("q  Quit", id="leave", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id)

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer)
