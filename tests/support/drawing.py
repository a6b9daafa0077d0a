"""What the tests of drawing functions share."""

from __future__ import annotations

import dataclasses

from rich.style import Style

from tui_cifar.render.look import Styles
from tui_cifar.render.text.line import Line

STYLES = Styles(**{f.name: Style(color=f"color({i + 1})") for i, f in enumerate(dataclasses.fields(Styles))})


def written(lines: list[Line]) -> list[str]:
    """The characters alone."""
    return ["".join(s.text for s in line) for line in lines]
