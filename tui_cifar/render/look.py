"""How to draw on the terminal at hand: its colours, the theme's styles, and whether only ASCII may be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rich.style import Style

ImageMode = Literal["truecolor", "256", "16", "ascii", "off"]
"""How images are drawn: as blocks in so many colours, as letters, or not at all."""


@dataclass(frozen=True, slots=True)
class Styles:
    """The styles of the current theme, by what they mean."""

    text: Style
    strong: Style
    dim: Style
    accent: Style
    correct: Style
    wrong: Style
    line: Style
    cursor: Style


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that a drawing function has to know about the terminal and the theme."""

    mode: ImageMode
    styles: Styles
    light: bool = False
    """The theme is light; letters that stand for images are dark on a light background."""
    ascii: bool = False
    """Draw with characters up to 127 only."""
