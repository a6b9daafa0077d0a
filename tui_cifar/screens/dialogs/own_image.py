"""Classifies an image of the user's own: asks for its path, shows its probabilities."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import ClassVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from engine.inspection.types import Inspection
from engine.runtime.atomic_io import expand_path
from tui_cifar.render.images.detail import image_view
from tui_cifar.render.images.probabilities import Subject
from tui_cifar.render.look import Styles
from tui_cifar.render.text.format import cut
from tui_cifar.render.text.line import Line
from tui_cifar.run.inspector import Answered
from tui_cifar.screens.base.run_screen import RunScreen
from tui_cifar.screens.base.settled import Settled
from tui_cifar.widgets.canvas import Canvas

MOST_ENTRIES = 5_000
"""Entries of a folder that are considered for completion."""


def candidates(text: str) -> list[str]:
    """The paths that begin with `text`, sorted by name; those of folders end in "/"."""
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
    """What tab completes `text` to: all that the candidates share, or if that is nothing more, the first of them."""
    found = candidates(text)
    shared = os.path.commonprefix(found)  # noqa: RUF071 - letter by letter, not by folder
    return None if not found else shared if len(shared) > len(text) else found[0]


class Paths(Suggester):
    """Suggests the first path that begins with the text, in grey; → or tab takes it."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        found = candidates(value)
        return found[0] if found else None


class OwnImageDialog(Settled, ModalScreen[None]):
    """A field for the path and, below it, matching files or the image with its probabilities."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("tab", "take", "Complete", priority=True),
        Binding("down", "select(1)", "Next", priority=True),
        Binding("up", "select(-1)", "Previous", priority=True),
    ]

    def __init__(self, *, ascii: bool) -> None:
        super().__init__()
        self._ascii = ascii
        self.answer: Inspection | str | None = None
        self._asked: Path | None = None
        self._selected: int | None = None
        """The candidate that the arrows have reached."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "An image of your own"
            yield Input(placeholder="path of an image, such as ~/cat.jpg", suggester=Paths())
            yield Canvas(self._draw, ascii=self._ascii)
            yield Static("↑↓: choose   tab: complete   enter: open   esc: close", classes="hint")

    @property
    def _below(self) -> RunScreen:
        """The screen of the run that the dialog belongs to."""
        return next(screen for screen in reversed(self.app.screen_stack) if isinstance(screen, RunScreen))

    def on_mount(self) -> None:
        self.set_class(self._ascii, "-ascii")
        self.query_one(Input).focus()

    def action_take(self) -> None:
        text = self.query_one(Input).value
        full = complete(text) if self._selected is None else candidates(text)[self._selected]
        if full is not None:
            self._write(full)

    def _write(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    def action_select(self, step: int) -> None:
        """Select the next path that begins with what was typed."""
        count = len(candidates(self.query_one(Input).value))
        if count:
            self._selected = (-1 if self._selected is None and step > 0 else self._selected or 0) + step
            self._selected %= count
            self._asked = None
            self.query_one(Canvas).redraw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the matching files."""
        self._asked, self.answer, self._selected = None, None, None
        self.query_one(Canvas).redraw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Classify the image, or open the folder."""
        text = event.value.strip()
        if self._selected is not None:
            text = candidates(text)[self._selected]
            with self.prevent(Input.Changed):
                self._write(text)
            self._selected = None
        if text and os.path.isdir(expand_path(text)):  # noqa: PTH112 - raises nothing
            self._write(text.rstrip("/") + "/")
            self._asked = None
            self.query_one(Canvas).redraw()
        elif text:
            self._asked, self.answer = expand_path(text), None
            self._below.run.inspect(self._asked, self._asked, self.post_message)
            self.query_one(Canvas).redraw()

    def on_answered(self, message: Answered) -> None:
        """Show the answer, unless something else has been asked since."""
        if message.key == self._asked:
            self.answer = message.answer
            self.query_one(Canvas).redraw()

    def _draw(self, width: int, height: int) -> list[Line]:
        look = self._below.look
        if self._asked is None:
            return self._choices(width, height, look.styles)
        if not isinstance(self.answer, Inspection):
            lines = textwrap.wrap(self.answer or "Asking the network …", max(1, width))
            return [[Segment(line, look.styles.wrong if self.answer else look.styles.dim)] for line in lines]
        a = self.answer
        return image_view(Subject(a.image, a.class_names, a.probabilities, None, ()), a, width, height, look)

    def _choices(self, width: int, height: int, styles: Styles) -> list[Line]:
        """The paths that begin with what was typed, or what can be typed."""
        text = self.query_one(Input).value
        if not text:
            hint = "Any size and format: the image is turned upright, cropped to a square and scaled to 32×32."
            return [[Segment(line, styles.dim)] for line in textwrap.wrap(hint, max(1, width))]
        found = candidates(text)
        if not found:
            return [[Segment("No matching files.", styles.dim)]]
        names = [path.rstrip("/").rpartition("/")[2] + ("/" if path.endswith("/") else "") for path in found]
        rows, cell = max(1, height - 1), min(width, max(map(len, names)) + 3)
        columns = max(1, width // cell)
        first = 0 if self._selected is None else self._selected // (rows * columns) * rows * columns
        shown = names[first : first + rows * columns]
        rows = min(rows, -(-len(shown) // columns))
        lines: list[Line] = []
        for y in range(rows):
            line: Line = []
            for i in range(y, len(shown), rows):
                selected = first + i == self._selected
                line += [Segment(cut(shown[i], cell - 2), styles.cursor if selected else styles.text)]
                line.append(Segment(" " * (cell - len(line[-1].text))))
            lines.append(line)
        if len(names) > first + len(shown):
            lines.append([Segment(f"and {len(names) - first - len(shown):,} more", styles.dim)])
        return lines

    def action_close(self) -> None:
        self.dismiss(None)
