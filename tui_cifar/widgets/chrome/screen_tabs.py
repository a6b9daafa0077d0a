"""The line that names the screens."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.widgets import Static


class ScreenTabs(Static):
    """The screens with their keys, the present one marked; a click chooses.

    Args:
        screens: words by the screen's id, in the order of their keys.
        current: the screen that this line is on.
    """

    DEFAULT_CSS = """
    ScreenTabs { height: 1; padding: 0 1; link-style: none; link-color: $text-muted; link-background: transparent;
                 link-style-hover: bold; link-color-hover: $text; link-background-hover: $surface; }
    """

    def __init__(self, screens: Mapping[str, str], current: str) -> None:
        parts = []
        for number, (key, word) in enumerate(screens.items(), 1):
            label = f" {number} {word} "
            parts.append(f"[bold reverse]{label}[/]" if key == current else f"[@click=app.view('{key}')]{label}[/]")
        super().__init__(Content.from_markup(" ".join(parts)))
