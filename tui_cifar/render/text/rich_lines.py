"""Lines of Rich text that are drawn quickly even if they hold many colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.text import Text


class Lines:
    """Lines that are never wrapped.

    A line of a plot has many spans, in order and without overlap. Such a line is turned into segments directly, about eight
    times as fast as in Rich, which allows for spans that overlap.
    """

    def __init__(self, lines: Iterable[Text]) -> None:
        self.lines: Sequence[Text] = list(lines)

    @property
    def plain(self) -> str:
        """The characters without their styles."""
        return "\n".join(line.plain for line in self.lines)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            yield from _segments(line, console)
            yield Segment.line()


def _segments(line: Text, console: Console) -> Iterable[Segment]:
    spans, text, end = line.spans, line.plain, 0
    if line.style:
        line = line.copy()
        line.stylize_before(line.style)  # Rich drops the style of a text without spans
        return line.render(console)
    for span in spans:
        if span.start < end:
            return line.render(console)
        end = span.end
    segments, end = [], 0
    for start, stop, style in spans:
        if start > end:
            segments.append(Segment(text[end:start]))
        segments.append(Segment(text[start:stop], console.get_style(style)))
        end = stop
    if end < len(text):
        segments.append(Segment(text[end:]))
    return segments
