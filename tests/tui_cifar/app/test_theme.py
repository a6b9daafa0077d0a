"""The colours of every theme."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from tui_cifar.app.theme import THEMES, colour


@pytest.mark.parametrize("theme", [*BUILTIN_THEMES.values(), *THEMES], ids=lambda t: t.name)
def test_rich_takes_every_colour_of_every_theme(theme: Theme) -> None:
    variables = {**theme.to_color_system().generate(), **theme.variables}
    for name in (
        "train",
        "validation",
        "dim",
        "line",
        "foreground",
        "secondary",
        "success",
        "error",
        "warning",
        "accent",
    ):
        Style.parse(colour(variables, name))
    assert colour(variables, "train") != colour(variables, "validation")


def test_text_can_be_read_on_both_of_our_themes() -> None:
    def luminance(value: str) -> float:
        parts = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for theme in (t for t in THEMES if not t.ansi):
        variables = {**theme.to_color_system().generate(), **theme.variables}
        ground = luminance(colour(variables, "background"))
        for name in ("foreground", "dim", "train", "validation", "success", "error", "warning", "accent"):
            dark, light = sorted((luminance(colour(variables, name)), ground))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (theme.name, name)
