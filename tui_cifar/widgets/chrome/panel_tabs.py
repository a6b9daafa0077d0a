"""The line of tabs above a single panel."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.widgets import Static


class PanelTabs(Static):
    """The titles of the panels, the current one highlighted; a click shows another one.

    Args:
        panels: titles by name.
    """

    DEFAULT_CSS = """
    PanelTabs { height: 1; padding: 0 1; link-style: none; link-color: $text-muted; link-background: transparent;
                link-style-hover: bold; link-color-hover: $text; link-background-hover: $surface; }
    """

    def __init__(self, panels: Mapping[str, str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._panels = panels

    def select(self, current: str) -> None:
        """Highlight the panel that is shown."""
        parts = []
        for name, title in self._panels.items():
            label = f" {title} "
            parts.append(
                f"[$text bold underline]{label}[/]" if name == current else f"[@click=screen.panel('{name}')]{label}[/]"
            )
        self.update(Content.from_markup(" ".join(parts)), layout=False)
