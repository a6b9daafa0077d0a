"""Two themes of our own, and Textual's two that use the terminal's own colours.

Blue and orange are the two curves and nothing else; green and red mean correct and wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme


def _of_the_terminal(name: str, accent: str) -> Theme:
    """Textual's theme, with borders that are visible on any background, and an accent that isn't the green of what is correct."""
    theme = BUILTIN_THEMES[name]
    variables = {"border-blurred": "ansi_bright_black", "footer-key-foreground": accent}
    return replace(theme, accent=accent, variables={**theme.variables, **variables})


THEMES = (
    Theme(
        name="cifar-dark",
        dark=True,
        primary="#5fb3b3",
        secondary="#8fa1b3",
        accent="#5fb3b3",
        foreground="#d5d9de",
        background="#0f1216",
        surface="#171b21",
        panel="#1f252d",
        success="#63c174",
        warning="#e0b74a",
        error="#f2777a",
        variables={
            "train": "#5aa9ff",
            "validation": "#ffa447",
            "dim": "#7b8794",
            "line": "#333c47",
            "footer-key-foreground": "#5fb3b3",
            "footer-background": "#0f1216",
            "border-blurred": "#333c47",
        },
    ),
    Theme(
        name="cifar-light",
        dark=False,
        primary="#00697a",
        secondary="#4a5a6a",
        accent="#00697a",
        foreground="#1d2329",
        background="#ffffff",
        surface="#f3f5f7",
        panel="#e7ebef",
        success="#1a7f37",
        warning="#8a6100",
        error="#c4262e",
        variables={
            "train": "#0b62c4",
            "validation": "#b35400",
            "dim": "#66707a",
            "line": "#c3cad1",
            "footer-key-foreground": "#00697a",
            "footer-background": "#ffffff",
            "border-blurred": "#c3cad1",
        },
    ),
    _of_the_terminal("ansi-dark", "ansi_cyan"),
    _of_the_terminal("ansi-light", "ansi_magenta"),
)


NEAREST = {"train": "primary", "validation": "warning", "dim": "foreground-muted", "line": "foreground-disabled"}
"""What stands for our own colours in other themes."""


def style(variables: Mapping[str, str], name: str) -> str:
    """A colour of the theme as a Rich style.

    Themes that use the terminal's own colours have no grey that every terminal shows; there it is the attribute "dim".
    """
    found = colour(variables, name)
    return "dim" if found == "default" and name in ("dim", "line") else found


def colour(variables: Mapping[str, str], name: str) -> str:
    """A colour of the theme for Rich: "#rrggbb" (translucent ones blended with the background), or the name of an ANSI colour."""
    try:
        found = Color.parse(variables.get(name) or variables.get(NEAREST.get(name, name), ""))
        ground = Color.parse(variables.get("background", "#000000"))
    except ColorParseError:  # relative to another colour, as in "auto 60%"
        return "default"
    if found.ansi is not None:
        return found.rich_color.name
    return (found if ground.ansi is not None else ground.blend(found, found.a, 1)).hex6
