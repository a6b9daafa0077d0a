"""A line of styled text: measured, padded, cut, and put beside others.

Every character is taken to be one cell wide.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from tui_cifar.render.text.format import cut

Line = list[Segment]
"""Segments side by side. One without a style, or whose style has no background, gets the widget's own background."""


def width_of(line: Line) -> int:
    """Cells that a line takes."""
    return sum(len(segment.text) for segment in line)


def padded(line: Line, width: int) -> Line:
    """The line, filled up with blanks to `width`."""
    missing = width - width_of(line)
    return [*line, Segment(" " * missing)] if missing > 0 else line


def fitted(line: Line, width: int) -> Line:
    """The line cut to `width`; it ends in … if anything is missing."""
    out: Line = []
    left = width
    for i, segment in enumerate(line):
        rest = width_of(line[i + 1 :])
        if len(segment.text) + rest <= left or len(segment.text) < left:
            out.append(segment)
            left -= len(segment.text)
        else:
            text = cut(segment.text, left) if len(segment.text) > left or rest else segment.text
            out.append(Segment(text, segment.style))
            break
    return out


def spread(left: Line, right: Line, width: int) -> Line:
    """One line at each end of `width` cells; the left one is cut if there is no room for both."""
    used = width_of(right)
    left = fitted(left, max(0, width - used - (1 if used else 0)))
    blank = width - used - width_of(left)
    return fitted([*left, Segment(" " * max(0, blank)), *right], width)


def beside(blocks: Sequence[tuple[int, list[Line]]], gap: int) -> list[Line]:
    """Blocks side by side, `gap` blanks apart; the shorter ones are filled up with blank lines.

    Args:
        blocks: the width of each block, and its lines.
    """
    height = max((len(lines) for _, lines in blocks), default=0)
    between = Segment(" " * gap)
    out = []
    for y in range(height):
        line: Line = []
        for i, (width, lines) in enumerate(blocks):
            if i:
                line.append(between)
            line += padded(lines[y], width) if y < len(lines) else [Segment(" " * width)]
        out.append(line)
    return out
