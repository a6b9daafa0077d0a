"""An image of one's own: asks for its path, shows what the network takes it for."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from engine.inspection.types import Inspection
from engine.runtime.atomic_io import expand_path
from tui_cifar.render.images import detail
from tui_cifar.render.images.mosaic import Line
from tui_cifar.render.text.ink import words
from tui_cifar.render.text.text import cut
from tui_cifar.run.inspector import Answered
from tui_cifar.screens.base.run_screen import RunScreen, Shows
from tui_cifar.screens.base.settled import Settled
from tui_cifar.widgets.canvas import Canvas

MOST_ENTRIES = 5_000
"""Entries of a folder that completion looks at."""


def candidates(text: str) -> list[str]:
    """The paths that `text` may become, in order of name: folders, which end in "/", and files."""
    if not text:
        return []
    folder, start = os.path.split(text)
    try:
        with os.scandir(expand_path(folder or ".")) as entries:
            names = sorted(
                e.name + ("/" if e.is_dir() else "")
                for _, e in zip(range(MOST_ENTRIES), entries, strict=False)
                if e.name.startswith(start) and (start or not e.name.startswith("."))
            )
    except OSError:
        return []
    return [os.path.join(folder, name) for name in names]  # noqa: PTH118 - keeps "~" and "./" as typed


def complete(text: str) -> str | None:
    """What tab makes of `text`: as much as all candidates share, or the first of them where that is no more than `text`."""
    found = candidates(text)
    shared = os.path.commonprefix(found)  # noqa: RUF071 - letter by letter is what is wanted
    return None if not found else shared if len(shared) > len(text) else found[0]


class Paths(Suggester):
    """Completes paths."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The rest of the path in grey; → or tab takes it."""
        found = candidates(value)
        return found[0] if found else None


class OwnImageDialog(Settled, ModalScreen[None]):
    """A field and, below, the image with its probabilities."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("tab", "take", "Complete", priority=True),
        Binding("down", "mark(1)", "Next", priority=True),
        Binding("up", "mark(-1)", "Before", priority=True),
    ]

    def __init__(self, *, ascii: bool) -> None:
        super().__init__()
        self._ascii = ascii
        self.answer: Inspection | str | None = None
        self._asked: Path | None = None
        self._marked: int | None = None
        """Place of the candidate that the arrows have reached."""

    def compose(self) -> ComposeResult:
        """Field and canvas."""
        with Vertical(classes="dialog") as box:
            box.border_title = "An image of your own"
            yield Input(placeholder="path of an image, as in ~/cat.jpg", suggester=Paths())
            yield Canvas(self._draw, ascii=self._ascii)
            yield Static("↑↓ choose  tab completes  enter opens  esc closes", classes="hint")

    def on_mount(self) -> None:
        """Plain borders where they are asked for; type at once."""
        self.set_class(self._ascii, "-ascii")
        self.query_one(Input).focus()

    def action_take(self) -> None:
        """Complete the path."""
        text = self.query_one(Input).value
        full = complete(text) if self._marked is None else candidates(text)[self._marked]
        if full is not None:
            self._write(full)

    def _write(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    def action_mark(self, step: int) -> None:
        """The next of the paths that begin as what was typed."""
        count = len(candidates(self.query_one(Input).value))
        if count:
            self._marked = (-1 if self._marked is None and step > 0 else self._marked or 0) + step
            self._marked %= count
            self._asked = None
            self.query_one(Canvas).redraw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what the path may become."""
        self._asked, self.answer, self._marked = None, None, None
        self.query_one(Canvas).redraw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask the network; a folder is opened."""
        text = event.value.strip()
        if self._marked is not None:
            text = candidates(text)[self._marked]
            with self.prevent(Input.Changed):
                self._write(text)
            self._marked = None
        if text and os.path.isdir(expand_path(text)):  # noqa: PTH112 - raises nothing
            self._write(text.rstrip("/") + "/")
            self._asked = None
            self.query_one(Canvas).redraw()
        elif text:
            self._asked, self.answer = expand_path(text), None
            cast("Shows", self.app).inspector.ask(self._asked, self._asked, self.post_message)
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
            return self._choices(width, height, below)
        if not isinstance(self.answer, Inspection):
            told = self.answer or "The network is being asked …"
            lines = textwrap.wrap(told, max(1, width))
            return [[words(line, inks.wrong if self.answer else inks.dim)] for line in lines]
        a = self.answer
        subject = detail.Subject(a.image, a.class_names, a.probabilities, None, ())
        look = detail.Look(below.mode, inks, below.light, self._ascii)
        return detail.image_view(subject, a, width, height, look)

    def _choices(self, width: int, height: int, below: RunScreen) -> list[Line]:
        """The paths that begin as what was typed, or what may be typed."""
        inks, text = below.inks, self.query_one(Input).value
        if not text:
            told = "Any size and format: the image is turned upright, cut to a square and scaled to 32×32."
            return [[words(line, inks.dim)] for line in textwrap.wrap(told, max(1, width))]
        found = candidates(text)
        if not found:
            return [[words("No file begins like that.", inks.dim)]]
        names = [path.rstrip("/").rpartition("/")[2] + ("/" if path.endswith("/") else "") for path in found]
        rows, cell = max(1, height - 1), min(width, max(map(len, names)) + 3)
        columns = max(1, width // cell)
        first = 0 if self._marked is None else self._marked // (rows * columns) * rows * columns
        shown = names[first : first + rows * columns]
        rows = min(rows, -(-len(shown) // columns))
        lines: list[Line] = []
        for y in range(rows):
            line: Line = []
            for i in range(y, len(shown), rows):
                marked = first + i == self._marked
                line += [words(cut(shown[i], cell - 2), inks.cursor if marked else inks.text)]
                line.append(words(" " * (cell - len(line[-1].text))))
            lines.append(line)
        if len(names) > first + len(shown):
            lines.append([words(f"and {len(names) - first - len(shown):,} more", inks.dim)])
        return lines

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)
