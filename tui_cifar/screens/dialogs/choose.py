"""Small dialogs: choose from a list, or enter a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui_cifar.render.text.format import cut
from tui_cifar.screens.base.settled import Settled


class ChoiceDialog(Settled, ModalScreen[int | None]):
    """Returns the place of the chosen option, or None if it was closed.

    Args:
        options: a letter goes to the next one that begins with it.
        current: the option that is highlighted first.
        notes: a note on each option, to its right.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, title: str, options: Sequence[str], current: int = 0, notes: Sequence[str] = ()) -> None:
        super().__init__()
        self._title, self._options, self._current = title, options, current
        self._notes = [*notes, *[""] * (len(options) - len(notes))]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = self._title
            lines = [f"{cut(o, 20):20}{n:>20}" for o, n in zip(self._options, self._notes, strict=True)]
            yield OptionList(*(Option(line.rstrip()) for line in lines), markup=False, compact=True)
            yield Static("letter: next class   enter: choose   esc: back", classes="hint")

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = self._current

    def on_key(self, event: events.Key) -> None:
        """Go to the next option that begins with the letter."""
        letter = (event.character or "").lower()
        if len(letter) != 1 or not letter.isalnum():
            return
        listed = self.query_one(OptionList)
        count, at = len(self._options), listed.highlighted or 0
        for i in [(at + step) % count for step in range(1, count + 1)]:
            if self._options[i].lower().startswith(letter):
                listed.highlighted = i
                event.stop()
                return

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def action_leave(self) -> None:
        self.dismiss(None)


class GoToDialog(Settled, ModalScreen[int | None]):
    """Returns a number from 0 to `last`, or None if it was closed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, last: int) -> None:
        super().__init__()
        self._last = last

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Go to image number"
            yield Input(placeholder=f"0 to {self._last:,}", type="integer", max_length=9)
            yield Static("enter: go   esc: back", classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the number, if it is in range."""
        text = event.value.strip()
        if text.isdigit() and int(text) <= self._last:
            self.dismiss(int(text))
        else:
            self.query_one(Static).update(f"Enter a whole number from 0 to {self._last:,}.")

    def action_leave(self) -> None:
        self.dismiss(None)
