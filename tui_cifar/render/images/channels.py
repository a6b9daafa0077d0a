"""The red, green and blue channels of an image, with the values around a cursor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.segment import Segment

from tui_cifar.render.images.cells import image_lines
from tui_cifar.render.images.shading import grey, tinted
from tui_cifar.render.look import Look, Styles
from tui_cifar.render.text.format import signed
from tui_cifar.render.text.line import Line, beside, spread

CHANNELS = ("red", "green", "blue")


@dataclass(frozen=True, slots=True)
class ChannelLayout:
    """Where `channels_view` draws which pixels."""

    count: int
    """Channels side by side: all three, or one."""
    scale: int
    """Columns of a pixel: 1, or 2 if there is much room; it takes half as many lines."""
    gap: int
    top: int
    """The first visible line of a channel: 0 if all of them fit, else near the cursor."""
    shown: int
    """Visible lines."""

    @property
    def width(self) -> int:
        """Columns of a channel, including the pointer to its right."""
        return 32 * self.scale + 1

    def pixel(self, x: int, y: int) -> tuple[int, int] | None:
        """The pixel (row, column) at a cell of the view, if there is one."""
        block, column = divmod(x, self.width + self.gap)
        inside = block < self.count and column < 32 * self.scale and 0 <= y - 2 < self.shown
        return ((y - 2 + self.top) * 2 // self.scale, column // self.scale) if inside else None


def channel_layout(row: int, width: int, height: int) -> ChannelLayout:
    """The layout for a place of `width` by `height` cells, with the cursor in `row` of the image."""
    scale = 2 if width >= 3 * 65 + 2 and height >= 32 + 3 else 1
    count = 3 if width >= 3 * 33 + 2 * 3 else 1
    gap = min(9, max(1, (width - count * (32 * scale + 1)) // 2))
    shown = max(1, min(16 * scale, height - 3))
    top = min(max(0, row * scale // 2 - shown // 2), 16 * scale - shown)
    return ChannelLayout(count, scale, gap, top, shown)


def channels_view(
    image: np.ndarray,
    network_input: np.ndarray | None,
    cursor: tuple[int, int],
    chosen: int,
    width: int,
    height: int,
    look: Look,
) -> list[Line]:
    """Red, green and blue, each in its own colour, with the values around the cursor.

    Args:
        image: uint8 (32, 32, 3).
        network_input: float (32, 32, 3), the values that the network is given; None while they are not known.
        cursor: (row, column).
        chosen: the highlighted channel, the only one that is shown if there is no room for three.
    """
    row, column = cursor
    value: Line = [Segment(f"row {row:2}  column {column:2}   ", look.styles.dim)]
    for i, name in enumerate(CHANNELS):
        text = f"{name} {image[row, column, i]:3}"
        if network_input is not None:
            text += f" → {signed(network_input[row, column, i], 3)}"
        value.append(Segment(text + "   ", look.styles.strong if i == chosen else look.styles.text))
    layout = channel_layout(row, width, height)
    if layout.count == 3:
        value = spread(value, [Segment("arrows: move   c: channel   .: next", look.styles.dim)], width)
        blocks = [(layout.width, _channel(image, i, cursor, look, i == chosen, layout)) for i in range(3)]
        lines = [value, *beside(blocks, layout.gap)]
        rest = height - len(lines) - 1
        if rest >= 3:
            tall, wide = min(12, (rest - 1) // 2), (layout.width // 4 - 1) // 2
            tables = [value_table(image[..., i], cursor, tall, wide, look.styles) for i in range(3)]
            lines += [[], *beside([(layout.width, table) for table in tables], layout.gap)]
        return lines
    block = (layout.width, _channel(image, chosen, cursor, look, True, layout))
    room = width - block[0] - 3
    if room < 12:
        return [value, *block[1]]
    half_width = min(4, (room // 4 - 1) // 2)
    table = value_table(image[..., chosen], cursor, min(6, (height - 4) // 2), half_width, look.styles)
    return [value, *beside([block, (room, [[Segment(f"{CHANNELS[chosen]} (0–255)", look.styles.dim)], *table])], 3)]


def _channel(
    image: np.ndarray, i: int, cursor: tuple[int, int], look: Look, chosen: bool, layout: ChannelLayout
) -> list[Line]:
    """A channel with pointers to the cursor above and to the right of it."""
    row, column = cursor
    head: Line = [Segment(" " * column * layout.scale, None), Segment("▾" * layout.scale, look.styles.accent)]
    channel = image[..., i].repeat(layout.scale, 0).repeat(layout.scale, 1)
    drawn = image_lines(grey(channel) if look.mode == "ascii" else tinted(channel, i), look.mode, light=look.light)
    at = row * layout.scale // 2
    lines = [[*line, Segment("◂" if y == at else " ", look.styles.accent)] for y, line in enumerate(drawn)]
    name: Line = [Segment(f"{CHANNELS[i]:5}", look.styles.strong if chosen else look.styles.dim)]
    return [head, *lines[layout.top : layout.top + layout.shown], name]


def value_table(
    channel: np.ndarray, cursor: tuple[int, int], half_height: int, half_width: int, styles: Styles
) -> list[Line]:
    """The pixel values around the cursor, its own highlighted; blanks beyond the edge of the image."""
    row, column = cursor
    lines = []
    for y in range(row - half_height, row + half_height + 1):
        line: Line = []
        for x in range(column - half_width, column + half_width + 1):
            inside = 0 <= y < channel.shape[0] and 0 <= x < channel.shape[1]
            text = f"{channel[y, x]:3}" if inside else "   "
            line += [Segment(text, styles.cursor if (y, x) == cursor else styles.text), Segment(" ")]
        lines.append(line)
    return lines
