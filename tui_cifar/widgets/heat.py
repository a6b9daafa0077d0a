"""The current theme as the colours of a heat map."""

from __future__ import annotations

from typing import Any

from rich.color import Color
from textual.app import App

from tui_cifar.app.theme import colour
from tui_cifar.render.charts.matrix import DARK_STEPS, LIGHT_STEPS, Heat, Steps
from tui_cifar.widgets.theme import styles_of


def heat_of(app: App[Any], *, ascii: bool) -> Heat | Steps | None:
    """The colours of a heat map; None where the terminal has too few colours for shades."""
    system = app.console.color_system
    if app.no_color or ascii or system not in ("truecolor", "256"):
        return None
    dark = app.current_theme.dark
    if system == "256":
        return Steps(*(DARK_STEPS if dark else LIGHT_STEPS), styles_of(app).text)
    background, correct, wrong, text = (_rgb(app, name) for name in ("background", "success", "error", "foreground"))
    if correct is None or wrong is None:
        return None
    return Heat(
        background or ((0, 0, 0) if dark else (255, 255, 255)),
        correct,
        wrong,
        text or ((229,) * 3 if dark else (20,) * 3),
    )


def _rgb(app: App[Any], name: str) -> tuple[int, int, int] | None:
    """A colour of the theme; None for the terminal's default."""
    found = colour(app.theme_variables, name)
    if found == "default":
        return None
    rgb = Color.parse(found).get_truecolor()
    return rgb.red, rgb.green, rgb.blue
