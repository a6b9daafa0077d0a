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

    DEFAULT_CSS = "PanelTabs { height: 1; padding: 0 1; color: $text-muted; }"

    def __init__(self, panels: Mapping[str, str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._panels = panels

    def select(self, current: str) -> None:
        """Mark a panel as the one that is shown."""
        parts = []
        for number, (key, word) in enumerate(self._panels.items(), 1):
            style = "$text bold reverse" if key == current else "$text-muted"
            parts.append(f"[{style} @click=screen.panel('{key}')] {number} {word} [/]")
        self.update(Content.from_markup(" ".join(parts)))
