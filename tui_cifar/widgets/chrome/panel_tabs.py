"""The line of tabs above a single panel."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.widgets import Static


class PanelTabs(Static):
    """Names the panels, the current one marked; a click chooses.

    Args:
        panels: words by panel id.
    """

    DEFAULT_CSS = """
    PanelTabs { height: 1; padding: 0 1; link-style: none; link-color: $text-muted; link-background: transparent;
                link-style-hover: bold; link-color-hover: $text; link-background-hover: $surface; }
    """

    def __init__(self, panels: Mapping[str, str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._panels = panels

    def select(self, current: str) -> None:
        """Mark a panel as the one that is shown."""
        parts = []
        for key, word in self._panels.items():
            label = f" {word} "
            parts.append(
                f"[$text bold underline]{label}[/]" if key == current else f"[@click=screen.panel('{key}')]{label}[/]"
            )
        self.update(Content.from_markup(" ".join(parts)), layout=False)
