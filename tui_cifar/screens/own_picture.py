"""A picture of one's own: asks for its path, shows what the network takes it for."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from engine.inspection import Inspection
from tui_cifar.inspector import Answered
from tui_cifar.render import detail
from tui_cifar.render.ink import words
from tui_cifar.render.mosaic import Line
from tui_cifar.screens.run_screen import RunScreen
from tui_cifar.widgets.canvas import Canvas

if TYPE_CHECKING:
    from tui_cifar.app import CifarApp

MOST_ENTRIES = 5_000
"""Entries of a folder that completion looks at."""


def complete(text: str) -> str | None:
    """The path that `text` may become: the first in its folder, in order of name, that goes on as it does; None for none."""
    if not text:
        return None
    folder, start = os.path.split(text)
    try:
        with os.scandir(Path(folder or ".").expanduser()) as entries:
            names = sorted(
                e.name + ("/" if e.is_dir() else "")
                for _, e in zip(range(MOST_ENTRIES), entries, strict=False)
                if e.name.startswith(start) and (start or not e.name.startswith("."))
            )
    except OSError:
        return None
    return os.path.join(folder, names[0]) if names else None  # noqa: PTH118 - keeps "~" and "./" as typed


class Paths(Suggester):
    """Completes paths."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The rest of the path in grey; → or tab takes it."""
        return complete(value)


class OwnPicture(ModalScreen[None]):
    """A field and, below, the picture with its probabilities."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("tab", "take", "Complete", priority=True),
    ]

    def __init__(self, *, ascii: bool) -> None:
        super().__init__()
        self._ascii = ascii
        self.answer: Inspection | str | None = None
        self._asked: Path | None = None

    def compose(self) -> ComposeResult:
        """Field and canvas."""
        with Vertical(classes="dialog") as box:
            box.border_title = "A picture of your own"
            yield Input(placeholder="path of a picture; tab completes, enter classifies", suggester=Paths())
            yield Canvas(self._draw, ascii=self._ascii)
            yield Static("esc closes", classes="hint")

    def on_mount(self) -> None:
        """Plain borders where they are asked for; type at once."""
        self.set_class(self._ascii, "-ascii")
        self.query_one(Input).focus()

    def action_take(self) -> None:
        """Complete the path."""
        field = self.query_one(Input)
        full = complete(field.value)
        if full is not None:
            field.value = full
            field.cursor_position = len(full)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask the network."""
        text = event.value.strip()
        if text:
            self._asked, self.answer = Path(text).expanduser(), None
            cast("CifarApp", self.app).inspector.ask(self._asked, self._asked, self.post_message)
            self.query_one(Canvas).redraw()

    def on_answered(self, message: Answered) -> None:
        """Show the answer, if it is to the newest question."""
        if message.key == self._asked:
            self.answer = message.answer
            self.query_one(Canvas).redraw()

    def _draw(self, width: int, height: int) -> list[Line]:
        below = next((s for s in reversed(self.app.screen_stack) if isinstance(s, RunScreen)), None)
        if below is None:
            return []
        inks = below.inks
        if self._asked is None:
            return [
                [words("Any size and format: it is turned upright, cut to a square and scaled to 32×32.", inks.dim)]
            ]
        if not isinstance(self.answer, Inspection):
            told = self.answer or "The network is being asked …"
            lines = textwrap.wrap(told, max(1, width))
            return [[words(line, inks.wrong if self.answer else inks.dim)] for line in lines]
        a = self.answer
        subject = detail.Subject(a.picture, a.class_names, a.probabilities, None, ())
        look = detail.Look(below.mode, inks, below.light, self._ascii)
        return detail.picture_view(subject, a, width, height, look)

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)
