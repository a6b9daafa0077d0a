"""One image in detail: large, its probabilities, its channels with their numbers, its augmentation, where the network looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.segment import Segment

from engine.inspection.types import Inspection
from tui_cifar.render.images.gallery import Guess, captions, captions_for
from tui_cifar.render.images.grid import fit, in_rows
from tui_cifar.render.images.mosaic import Line, Mode, beside, heat, image_lines, thumbnail_lines, tinted
from tui_cifar.render.text.ink import Inks, spread, words
from tui_cifar.render.text.text import bar, cut, weights_of

CHANNELS = ("red", "green", "blue")
VIEWS = {"image": "Image", "channels": "Channels", "augmented": "Augmented", "map": "Where it looked"}


WIDEST_BARS = 68
"""Columns beyond which bars with their words say no more."""
MAPS_ROOM = 19
"""Lines that neighbours leave to a row of maps."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is shown."""

    image: np.ndarray | None
    """uint8 (32, 32, 3), or None where it is not on this disk."""
    class_names: tuple[str, ...]
    probabilities: np.ndarray
    """float (classes,)."""
    true: int | None
    """The true class, where it is known."""
    figures: tuple[str, ...]
    """Lines of words below the bars."""


@dataclass(frozen=True, slots=True)
class Look:
    """How it is drawn."""

    mode: Mode
    inks: Inks
    light: bool
    ascii: bool


def verdict(subject: Subject, inks: Inks) -> Line:
    """ "✗ dog, is cat", or the first guess alone where the truth is not known."""
    names, guess = subject.class_names, int(subject.probabilities.argmax())
    if subject.true is None:
        return [words(names[guess], inks.strong)]
    if guess == subject.true:
        return [words("✓ ", inks.correct), words(names[guess], inks.strong)]
    return [words("✗ ", inks.wrong), words(f"{names[guess]}, is {names[subject.true]}", inks.strong)]


def probability_lines(subject: Subject, width: int, most: int, look: Look) -> list[Line]:
    """The probabilities as bars, `most` of them, the likeliest first where not all fit; the true class marked."""
    names, p, inks = subject.class_names, subject.probabilities, look.inks
    order = list(range(len(names)))
    if len(names) > most:
        order = np.argsort(-p, kind="stable")[:most].tolist()
    name_width = min(max((len(names[i]) for i in order), default=0), max(6, width // 3))
    guess, lines = int(p.argmax()), []
    for i in order:
        ink = inks.correct if i == subject.true else inks.wrong if i == guess and subject.true is not None else inks.dim
        mark = "✓" if i == subject.true else "✗" if i == guess and subject.true is not None else " "
        filled_ink = inks.accent if i == guess and subject.true is None else ink
        name_ink = inks.strong if i in (guess, subject.true) else inks.text
        filled = bar(float(p[i]), max(0, width - name_width - 11), ascii=look.ascii)
        lines.append(
            [
                words(f"{mark} ", ink),
                words(f"{cut(names[i], name_width):{name_width}} ", name_ink),
                words(filled, filled_ink),
                words(f"{p[i] * 100:6.1f} %", inks.text),
            ]
        )
    return lines


def side_for(width: int, height: int, beside_width: int) -> int:
    """The largest side of an image, in columns, that leaves `beside_width` of them; 0 where none does."""
    return next((s for s in (96, 64, 48, 32, 16) if s // 2 <= height and s + 3 + beside_width <= width), 0)


def image_view(
    subject: Subject,
    inspection: Inspection | str | None,
    width: int,
    height: int,
    look: Look,
    mapped: int = 0,
    neighbours: Sequence[tuple[np.ndarray, Guess]] = (),
) -> list[Line]:
    """The image large, its probabilities as bars, and, where there is room, where the network looked, and other images.

    Args:
        mapped: place among `inspection.cam_classes` of the class whose map is marked.
        neighbours: images before and after this one.
    """
    side = side_for(width, height, 34) if subject.image is not None and look.mode != "off" else 0
    right = width - side - 3 if side else width
    column: list[Line] = [verdict(subject, look.inks), []]
    column += probability_lines(subject, min(right, WIDEST_BARS), max(3, height - 6), look)
    column += [[], *([words(cut(f, right), look.inks.dim)] for f in subject.figures)]
    if look.mode != "off":
        if neighbours:
            column += _neighbour_row(neighbours, right, height - len(column) - MAPS_ROOM, look)
        if isinstance(inspection, Inspection):
            title = f"where it looked for · {weights_of(inspection.epoch, inspection.step)}"
            column += maps_row(subject, inspection, mapped, right, height - len(column), look, title)
    if not side:
        if subject.image is None:
            column.append([words("The images themselves are not on this disk any more.", look.inks.dim)])
        return column
    assert subject.image is not None
    large = thumbnail_lines(subject.image, side, look.mode, light=look.light)
    return beside([(side, large), (right, column)], 3)


def _neighbour_row(neighbours: Sequence[tuple[np.ndarray, Guess]], width: int, height: int, look: Look) -> list[Line]:
    """A row of images under a line of words; nothing where there is no room."""
    count = len(neighbours)
    side = min(32, 2 * (height - 4), (width - 2 * (count - 1)) // count) // 2 * 2
    if side < 12:
        return []
    grid = fit(width, side // 2 + 2, side, most=count, captions=captions_for(neighbours[0][1].names))
    blocks = [
        [*thumbnail_lines(image, grid.side, look.mode, light=look.light), *captions(guess, grid, look.inks)]
        for image, guess in neighbours
    ]
    return [[], [words("before and after it", look.inks.dim)], *in_rows(blocks, grid)]


def cam_title(inspection: Inspection, mapped: int) -> str:
    """Which class the map is for."""
    return f"where it looked for {inspection.class_names[inspection.cam_classes[mapped]]}"


def cam_lines(inspection: Inspection, mapped: int, side: int, look: Look) -> list[Line]:
    """The Grad-CAM map over the image; where there are no colours, the map alone.

    Args:
        mapped: place of the class among `inspection.cam_classes`.
    """
    cam = inspection.cams[mapped]
    grey = np.repeat(np.rint(cam * 255).astype(np.uint8)[..., None], 3, axis=2)
    shown = grey if look.mode == "ascii" else heat(inspection.image, cam)
    return thumbnail_lines(shown, side, look.mode, light=look.light)


def map_view(subject: Subject, inspection: Inspection, mapped: int, width: int, height: int, look: Look) -> list[Line]:
    """Image and map side by side, as large as they fit; below, where there is room, the maps of the likeliest classes."""
    assert subject.image is not None
    inks = look.inks
    side = next((s for s in (64, *range(32, 7, -2)) if s // 2 + 3 <= height and 2 * s + 3 <= width), 8)
    heads = beside(
        [
            (side, [verdict(subject, inks)]),
            (side, [[words(cut(cam_title(inspection, mapped), width - side - 3), inks.text)]]),
        ],
        3,
    )
    blocks = [
        (side, thumbnail_lines(subject.image, side, look.mode, light=look.light)),
        (side, cam_lines(inspection, mapped, side, look)),
    ]
    room = width - 2 * (side + 3)
    if room >= 34:
        blocks.append((room, probability_lines(subject, room, max(3, side // 2), look)))
    legend = (
        "orange speaks for the class, grey does not"
        if look.mode != "ascii"
        else "right: the stronger the letter, the more it speaks for the class"
    )
    if not inspection.cams[mapped].any():
        legend = "nothing in the last convolution speaks for this class"
    weights = weights_of(inspection.epoch, inspection.step)
    lines = [
        *heads,
        *beside(blocks, 3),
        [words(cut(legend, width), inks.dim)],
        [words(cut(f"{weights} · Grad-CAM on the last convolution (Selvaraju et al., 2017)", width), inks.dim)],
    ]
    return lines + maps_row(subject, inspection, mapped, width, height - len(lines), look)


def maps_row(
    subject: Subject, inspection: Inspection, mapped: int, width: int, height: int, look: Look, title: str = ""
) -> list[Line]:
    """A row of the maps of the likeliest classes, each with its probability; `mapped` is marked. Nothing without room."""
    inks, count = look.inks, len(inspection.cam_classes)
    room = height - (3 if title else 2)

    def side_of(columns: int) -> int:
        return min(32, 2 * room, (width - 2 * (columns - 1)) // columns) // 2 * 2

    columns = max(range(1, count + 1), key=lambda n: n * side_of(n) ** 2, default=0)
    side = side_of(columns) if columns else 0
    if side < 12:
        return []
    first = max(0, min(mapped - columns // 2, count - columns))
    blocks = []
    for i in range(first, first + columns):
        label = inspection.cam_classes[i]
        told = f"{inspection.class_names[label]} {subject.probabilities[label] * 100:.1f} %"
        mark = "✓ " if label == subject.true else "✗ " if i == 0 and subject.true is not None else ""
        name = words(f"{cut(mark + told, side):{side}}", inks.cursor if i == mapped else inks.text)
        blocks.append((side, [*cam_lines(inspection, i, side, look), [name]]))
    gap = max(2, min(6, (width - columns * side) // max(1, columns - 1)))
    return [[], *([[words(title, inks.dim)]] if title else []), *beside(blocks, gap)]


def augmented_view(inspection: Inspection, width: int, height: int, look: Look) -> list[Line]:
    """The image as it is, and as augmentation may present it."""
    told = [("as it is", inspection.image), *((f"draw {i}", draw) for i, draw in enumerate(inspection.draws, 1))]
    grid = fit(width, height, most=len(told))
    if not grid.side:
        return [[words("No room for images.", look.inks.dim)]]
    blocks = [
        [
            *thumbnail_lines(image, grid.side, look.mode, light=look.light),
            [words(cut(word, grid.side), look.inks.dim)],
        ]
        for word, image in told
    ]
    return in_rows(blocks, grid)


@dataclass(frozen=True, slots=True)
class ChannelLayout:
    """Where `channels_view` draws which pixels."""

    count: int
    """Channels side by side: all three, or one."""
    scale: int
    """Columns of a pixel: 1, or 2 where there is much room. It takes half as many lines."""
    gap: int
    top: int
    """The first line of a channel that is shown: 0 where all of them fit, else near the cursor."""
    shown: int
    """Lines that are shown."""

    @property
    def width(self) -> int:
        """Columns of a channel, with the pointer to its right."""
        return 32 * self.scale + 1

    def pixel(self, x: int, y: int) -> tuple[int, int] | None:
        """(row, column) of the pixel in a cell of the view, if there is one."""
        block, column = divmod(x, self.width + self.gap)
        inside = block < self.count and column < 32 * self.scale and 0 <= y - 2 < self.shown
        return ((y - 2 + self.top) * 2 // self.scale, column // self.scale) if inside else None


def channel_layout(row: int, width: int, height: int) -> ChannelLayout:
    """The layout for a place of `width` by `height` cells with the cursor in a row of pixels."""
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
    """Red, green and blue, each in its own shade, with the numbers about the cursor.

    Args:
        image: uint8 (32, 32, 3).
        network_input: float (32, 32, 3), the same as the network gets it; None while that is not known.
        cursor: (row, column).
        chosen: the channel that is shown where there is no room for three.
    """
    row, column = cursor
    value: Line = [words(f"row {row:2}  column {column:2}   ", look.inks.dim)]
    for i, name in enumerate(CHANNELS):
        told = f"{name} {image[row, column, i]:3}"
        if network_input is not None:
            told += f" → {network_input[row, column, i]:+.3f}".replace("-", "−")
        value.append(words(told + "   ", look.inks.strong if i == chosen else look.inks.text))
    layout = channel_layout(row, width, height)
    if layout.count == 3:
        value = spread(value, [words("arrows move, c marks, . next image", look.inks.dim)], width)
        blocks = [(layout.width, _channel(image, i, cursor, look, i == chosen, layout)) for i in range(3)]
        lines = [value, *beside(blocks, layout.gap)]
        rest = height - len(lines) - 1
        if rest >= 3:
            tall, wide = min(12, (rest - 1) // 2), (layout.width // 4 - 1) // 2
            tables = [number_table(image[..., i], cursor, tall, wide, look.inks) for i in range(3)]
            lines += [[], *beside([(layout.width, table) for table in tables], layout.gap)]
        return lines
    block = (layout.width, _channel(image, chosen, cursor, look, True, layout))
    room = width - block[0] - 3
    if room < 12:
        return [value, *block[1]]
    half_width = min(4, (room // 4 - 1) // 2)
    table = number_table(image[..., chosen], cursor, min(6, (height - 4) // 2), half_width, look.inks)
    return [value, *beside([block, (room, [[words(f"{CHANNELS[chosen]} bytes", look.inks.dim)], *table])], 3)]


def _channel(
    image: np.ndarray, i: int, cursor: tuple[int, int], look: Look, chosen: bool, layout: ChannelLayout
) -> list[Line]:
    """A channel with pointers to the cursor above it and to its right."""
    row, column = cursor
    head: Line = [words(" " * column * layout.scale, None), words("▾" * layout.scale, look.inks.accent)]
    channel = image[..., i].repeat(layout.scale, 0).repeat(layout.scale, 1)
    image = np.repeat(channel[..., None], 3, axis=2) if look.mode == "ascii" else tinted(channel, i)
    at = row * layout.scale // 2
    drawn = image_lines(image, look.mode, light=look.light)
    lines = [[*line, words("◂" if y == at else " ", look.inks.accent)] for y, line in enumerate(drawn)]
    name: Line = [words(f"{CHANNELS[i]:5}", look.inks.strong if chosen else look.inks.dim)]
    return [head, *lines[layout.top : layout.top + layout.shown], name]


def number_table(
    channel: np.ndarray, cursor: tuple[int, int], half_height: int, half_width: int, inks: Inks
) -> list[Line]:
    """The bytes about the cursor, the cursor's own marked; blanks beyond the edge."""
    row, column = cursor
    lines = []
    for y in range(row - half_height, row + half_height + 1):
        line: Line = []
        for x in range(column - half_width, column + half_width + 1):
            inside = 0 <= y < channel.shape[0] and 0 <= x < channel.shape[1]
            text = f"{channel[y, x]:3}" if inside else "   "
            line += [Segment(text, inks.cursor if (y, x) == cursor else inks.text), Segment(" ")]
        lines.append(line)
    return lines
