"""The log: preparation, warnings, and whatever was printed."""

from __future__ import annotations

import textwrap
import time

from rich.text import Text
from textual.widgets import RichLog

from tui_cifar.app.theme import style
from tui_cifar.render.text.ascii import plain
from tui_cifar.run.state import MAX_LINES, RunState
from tui_cifar.widgets.chrome.scrollbar import PlainScrollBar

_TIME = "00:00:00  "


class LogPane(RichLog):
    """Lines as they come, the latest last; can be scrolled back."""

    DEFAULT_CSS = """
    LogPane { border: round $border-blurred; padding: 0 1; background: $background; border-title-color: $text;
              scrollbar-size-vertical: 1; scrollbar-background: $background; scrollbar-color: $border-blurred; }
    LogPane:focus { border: round $border-blurred; background-tint: $background 0%; }
    LogPane.-ascii { border: ascii $border-blurred; }
    """

    def __init__(self, *, ascii: bool = False, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes, max_lines=MAX_LINES, wrap=True, min_width=20, markup=False)
        self.ascii = ascii
        self.set_class(ascii, "-ascii")
        self.border_title = "Log"
        self._written = 0
        self._shown: RunState | None = None

    def on_mount(self) -> None:
        if self.ascii:
            self.vertical_scrollbar.renderer = PlainScrollBar  # type: ignore[misc]  # as Textual documents

    def show(self, state: RunState) -> None:
        """Write the lines that are new. Long ones are wrapped, with the time in a column of its own."""
        width = self.scrollable_content_region.width - len(_TIME)
        if width <= 0:
            return
        if state is not self._shown:
            self.clear()
            self._shown, self._written = state, 0
        new = min(state.lines_total - self._written, len(state.lines))
        self._written = state.lines_total
        dim = style(self.app.theme_variables, "dim")
        for at, text in list(state.lines)[len(state.lines) - new :]:
            line = Text(time.strftime("%H:%M:%S  ", time.localtime(at)), dim)
            wrapped = textwrap.wrap(plain(text) if self.ascii else text, width, replace_whitespace=False) or [""]
            margin = "\n" + " " * len(_TIME)
            self.write(line.append(margin.join(wrapped), style(self.app.theme_variables, "foreground")))
