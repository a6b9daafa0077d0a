"""All keys, made from the bindings themselves."""

from __future__ import annotations

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_cifar.app.theme import style
from tui_cifar.screens.base.run_screen import RunScreen
from tui_cifar.screens.base.settled import Settled
from tui_cifar.terminal.textual_private import bindings_in_use
from tui_cifar.widgets.panels.registry import PANELS


def key_prefix(binding: Binding) -> str:
    """The first part of the binding's id."""
    return (binding.id or "").partition(".")[0]


_GROUPS = {
    "run": "Run",
    "view": "Screens",
    "panel": "Panels",
    **{key_prefix(binding): entry.title for entry in PANELS.values() for binding in entry.panel.KEYS},
    "results": "Evaluation",
    "browse": "Predictions",
    "detail": "Image in detail",
    "confusion": "Confusion",
    "model": "Model",
    "tabbed": "Views",
    "app": "Program",
}


class HelpDialog(Settled, ModalScreen[None]):
    """Every key that has an id, by group."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "close", "Close", key_display="esc")
    ]

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=True) as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc: close"
            yield Static(self._table())

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(justify="right", min_width=9)
        table.add_column()
        for prefix, title in _GROUPS.items():
            rows: dict[str, list[str]] = {}
            for binding in self._bindings_below():
                if key_prefix(binding) == prefix:
                    text = binding.tooltip or binding.description
                    rows.setdefault(text, []).append(self.app.get_key_display(binding))
            if rows:
                table.add_row("", Text(title, style=f"bold {style(self.app.theme_variables, 'accent')}"))
                for text, keys in rows.items():
                    table.add_row(Text(" ".join(dict.fromkeys(keys)), style="bold"), Text(text))
        return table

    def _bindings_below(self) -> list[Binding]:
        """The bindings of the app, of the screen below, and of its views."""
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else self.app.screen_stack[0]
        views = [view for kind in below.KEY_VIEWS for view in below.query(kind)] if isinstance(below, RunScreen) else []
        return [b for node in (self.app, below, *views) for b in bindings_in_use(self.app, node) if b.id]

    def action_close(self) -> None:
        self.dismiss(None)
