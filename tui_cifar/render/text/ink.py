"""The few styles of text that the drawn screens use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.segment import Segment
from rich.style import Style

from tui_cifar.app.theme import style
from tui_cifar.render.text.text import cut

if TYPE_CHECKING:
    from textual.app import App

    from tui_cifar.render.images.mosaic import Line


@dataclass(frozen=True, slots=True)
class Inks:
    """Styles by what they mean."""

    text: Style
    strong: Style
    dim: Style
    accent: Style
    correct: Style
    wrong: Style
    line: Style
    cursor: Style


def inks_of(app: App[Any]) -> Inks:
    """The styles of the present theme."""

    def ink(name: str, *, bold: bool | None = None) -> Style:
        return Style.parse(style(app.theme_variables, name)) + Style(bold=bold)

    return Inks(
        text=ink("foreground"),
        strong=ink("foreground", bold=True),
        dim=ink("dim"),
        accent=ink("accent", bold=True),
        correct=ink("success"),
        wrong=ink("error"),
        line=ink("line"),
        cursor=ink("accent") + Style(reverse=True),
    )


def words(text: str, ink: Style | None = None) -> Segment:
    """A piece of a line."""
    return Segment(text, ink)


def fitted(line: Line, width: int) -> Line:
    """The line cut to `width`, its last character … where something is missing."""
    out: Line = []
    left = width
    for i, segment in enumerate(line):
        rest = sum(len(s.text) for s in line[i + 1 :])
        if len(segment.text) + rest <= left or len(segment.text) < left:
            out.append(segment)
            left -= len(segment.text)
        else:
            out.append(
                Segment(cut(segment.text, left) if len(segment.text) > left or rest else segment.text, segment.style)
            )
            break
    return out


def spread(left: Line, right: Line, width: int) -> Line:
    """Left and right at the two ends; the left one gives way."""
    used = sum(len(s.text) for s in right)
    left = fitted(left, max(0, width - used - (1 if used else 0)))
    blank = width - used - sum(len(s.text) for s in left)
    return fitted([*left, Segment(" " * max(0, blank)), *right], width)
