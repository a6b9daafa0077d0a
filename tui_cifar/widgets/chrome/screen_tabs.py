"""The line of tabs that names the screens."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.widgets import Static


class ScreenTabs(Static):
    """The screens with their keys, the current one highlighted; a click goes to another one.

    Args:
        screens: titles by name, in the order of their keys.
        current: the screen that this line is on.
    """

    DEFAULT_CSS = """
    ScreenTabs { height: 1; padding: 0 1; link-style: none; link-color: $text-muted; link-background: transparent;
                 link-style-hover: bold; link-color-hover: $text; link-background-hover: $surface; }
    """

    def __init__(self, screens: Mapping[str, str], current: str) -> None:
        parts = []
        for number, (name, title) in enumerate(screens.items(), 1):
            label = f" {number} {title} "
            parts.append(f"[bold reverse]{label}[/]" if name == current else f"[@click=app.view('{name}')]{label}[/]")
        super().__init__(Content.from_markup(" ".join(parts)))
