"""Asks what to do if the images were not found and could not be downloaded."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from engine.data.registry import DATASETS
from engine.runtime.atomic_io import expand_path, path_exists
from tui_cifar.screens.base.settled import Settled

BUILT_IN = next(name for name, entry in DATASETS.items() if entry.built_in)
"""A dataset that needs no files."""


class DataMissingDialog(Settled, ModalScreen[dict[str, Any] | None]):
    """Returns changes to the configuration: none to try again, or another data set; None to quit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "again", "Try again"),
        Binding("f", "folder", "Another folder"),
        Binding("b", "built_in", "Built-in images"),
        Binding("q", "leave", "Quit"),
        Binding("escape", "back", "Back", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, message: str) -> None:
        super().__init__()
        self._message = message

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Images not found"
            yield Static(self._message, markup=False, classes="message")
            yield Button("t  Try again", id="again", compact=True)
            yield Button("f  Another folder or archive …", id="folder", compact=True)
            yield Input(placeholder="path of an image folder or of cifar-10-python.tar.gz", id="path")
            yield Button(f"b  Built-in images ({BUILT_IN})", id="built_in", compact=True)
            yield Button("q  Quit", id="leave", compact=True)

    def on_mount(self) -> None:
        """The field appears only when it is needed."""
        self.query_one("#path").display = False
        self.query_one("#again").focus()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        await self.run_action(str(event.button.id))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Use the path, if it exists."""
        path = expand_path(event.value.strip())
        if event.value.strip() and path_exists(path):
            self.dismiss({"dataset": str(path)})
        else:
            self.notify(f"{event.value.strip() or 'Nothing'}: no such folder or archive", severity="error")

    def action_again(self) -> None:
        self.dismiss({})

    def action_folder(self) -> None:
        field = self.query_one("#path")
        field.display = True
        field.focus()

    def action_built_in(self) -> None:
        self.dismiss({"dataset": BUILT_IN})

    def action_back(self) -> None:
        self.query_one("#path").display = False
        self.query_one("#again").focus()

    def action_leave(self) -> None:
        self.dismiss(None)
