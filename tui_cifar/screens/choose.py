"""Small dialogs: choose one of a list, or type a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_cifar.screens.settled import Settled


class Choose(Settled, ModalScreen[int | None]):
    """Answers with the place of the option chosen; None where it was left.

    Args:
        title: what is chosen.
        options: in words.
        current: the one that is marked first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Back")]

    def __init__(self, title: str, options: Sequence[str], current: int = 0) -> None:
        super().__init__()
        self._title, self._options, self._current = title, options, current

    def compose(self) -> ComposeResult:
        """A list."""
        with Vertical(classes="dialog") as box:
            box.border_title = self._title
            yield OptionList(*(Option(o) for o in self._options), markup=False, compact=True)
            yield Static("enter chooses     esc  back", classes="hint")

    def on_mount(self) -> None:
        """Mark the current one."""
        self.query_one(OptionList).highlighted = self._current

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer."""
        self.dismiss(event.option_index)

    def action_leave(self) -> None:
        """No answer."""
        self.dismiss(None)


class GoTo(Settled, ModalScreen[int | None]):
    """Answers with a number from 0 to `last`; None where it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, last: int) -> None:
        super().__init__()
        self._last = last

    def compose(self) -> ComposeResult:
        """A field."""
        with Vertical(classes="dialog") as box:
            box.border_title = "Go to picture number"
            yield Input(placeholder=f"0 to {self._last:,}; enter goes there", type="integer", max_length=9)
            yield Static("", classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer, if it is one of the numbers."""
        text = event.value.strip()
        if text.isdigit() and int(text) <= self._last:
            self.dismiss(int(text))
        else:
            self.query_one(Static).update(f"It must be a whole number from 0 to {self._last:,}.")

    def action_leave(self) -> None:
        """No answer."""
        self.dismiss(None)
