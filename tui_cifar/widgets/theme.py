"""The current theme as styles for drawing."""

from __future__ import annotations

from typing import Any

from rich.style import Style
from textual.app import App

from tui_cifar.app.theme import style
from tui_cifar.render.look import ImageMode, Look, Styles


def styles_of(app: App[Any]) -> Styles:
    """The styles of the current theme."""

    def named(name: str, *, bold: bool | None = None) -> Style:
        return Style.parse(style(app.theme_variables, name)) + Style(bold=bold)

    return Styles(
        text=named("foreground"),
        strong=named("foreground", bold=True),
        dim=named("dim"),
        accent=named("accent", bold=True),
        correct=named("success"),
        wrong=named("error"),
        line=named("line"),
        cursor=named("accent") + Style(reverse=True),
    )


def image_mode_of(app: App[Any], images: str) -> ImageMode:
    """How to draw images that were asked for as "half" (blocks of half a cell), "ascii" (letters) or "off"."""
    if images == "off":
        return "off"
    modes: dict[str | None, ImageMode] = {"truecolor": "truecolor", "256": "256", "standard": "16", "windows": "16"}
    return "ascii" if images == "ascii" or app.no_color else modes.get(app.console.color_system, "ascii")


def look_of(app: App[Any], mode: ImageMode, *, ascii: bool) -> Look:
    """How to draw in the current theme."""
    return Look(mode, styles_of(app), not app.current_theme.dark, ascii)
