"""Asks before quitting while a run is under way, whether it ends with this process or not."""

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
    """Returns "leave" (let the run continue without this dashboard), "save", "keep" or "discard".

    Args:
        state: the state of the run.
        hosted: whether the run is trained in this process; then it can't be left to continue.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "default", "Default", show=False),
        Binding("l", "answer('leave')", "Leave it running"),
        Binding("s", "answer('save')", "Stop and save"),
        Binding("k,escape", "answer('keep')", "Keep training"),
        Binding("d", "answer('discard')", "Discard"),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, state: RunState, *, hosted: bool = True) -> None:
        super().__init__()
        self._state, self._hosted = state, hosted

    def compose(self) -> ComposeResult:
        done = len(self._state.rows)
        kept = f"the checkpoint of epoch {done} is kept" if done else "there is no checkpoint yet"
        with Vertical(classes="dialog") as box:
            box.border_title = "Quit?"
            if not self._hosted:
                yield Button("l  Leave it running", id="leave", compact=True)
                yield Static("the run continues; 'cifar-tui attach' comes back to it", classes="note")
            yield Button("s  Stop and save", id="save", compact=True)
            yield Static("save now; --resume continues from here", classes="note")
            yield Button("k  Keep training" if self._hosted else "k  Keep watching", id="keep", compact=True)
            yield Static("back to the dashboard", classes="note")
            yield Button("d  Discard" if self._hosted else "d  Stop without saving", id="discard", compact=True)
            yield Static(f"do not save; {kept}" if self._hosted else kept, classes="note")
            yield Static("ctrl+c again quits at once", classes="hint")

    def on_resize(self) -> None:
        """All options fit a low terminal without blank lines between them."""
        self.set_class(self.app.size.height < 20, "-low")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (self._hosted and parameters == ("leave",))

    def action_default(self) -> None:
        self.dismiss("save" if self._hosted else "leave")

    def action_answer(self, answer: str) -> None:
        self.dismiss(answer)
