"""Images as terminal cells, quickly: numpy finds the colours of all cells, and each cell's escape codes are written once.

Rich works out a style's codes when it draws it, 15 µs a cell, which a screen of 4,800 differently coloured cells can't
afford. `CellStyle` is a Rich style that is born with its codes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import repeat
from operator import mul
from typing import Literal, NamedTuple

import numpy as np
from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style

from tui_cifar.render.images.pixels import as_rgb, ascii_ramp, enlarge, shrink

Mode = Literal["truecolor", "256", "16", "ascii", "off"]
"""How many colours the terminal has; letters where it has none; or no images at all."""
Line = list[Segment]
"""Segments side by side. A segment without a style, or with one without a background, lies on the widget's own ground."""

ANSI16 = np.array(
    [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
        (127, 127, 127),
        (255, 0, 0),
        (0, 255, 0),
        (255, 255, 0),
        (92, 92, 255),
        (255, 0, 255),
        (0, 255, 255),
        (255, 255, 255),
    ],
    dtype=np.float32,
)
"""The sixteen colours as xterm has them; terminals differ a little."""
_LEVELS = (0, 95, 135, 175, 215, 255)
ANSI256 = np.array(
    [(r, g, b) for r in _LEVELS for g in _LEVELS for b in _LEVELS] + [(8 + 10 * i,) * 3 for i in range(24)],
    dtype=np.float32,
)
"""Numbers 16 to 255: a cube of 6×6×6 colours and 24 greys, the same on every terminal."""
_BITS = 4
"""Of each channel that tell colours apart where there are 256 or 16 to show them with."""
_CHARACTERS = "▀▘▝▀▖▌▞▛░▒"
"""What a cell may hold. The first eight split it: bit 0 stands for its upper left, 1 upper right, 2 lower left; lower right
is 0. At 0, all of a cell is one colour. The others mix a quarter, or half, of the foreground into the background."""
_QUARTER, _HALF = 8, 9
_SPLITS = np.array([[split >> bit & 1 for bit in range(4)] for split in range(8)], dtype=np.float32)
NONE = -1
"""Stands for "no colour" among packed colours and colour numbers."""


class CellStyle(Style):
    """Foreground and background of a cell: nothing but the escape codes that show them. Made by `cell_styles` alone."""

    __slots__ = ()
    # All but the codes belongs to the class: an instance sets one field instead of fourteen.
    _color = _bgcolor = _link = _meta = _style_definition = None
    _attributes = _set_attributes = 0
    _link_id, _null = "", False

    @property
    def codes(self) -> tuple[str, str]:
        """The SGR parameters of foreground and background, the latter "" where there is none."""
        assert self._ansi is not None
        parts = self._ansi.split(";")
        long = {"5": 3, "2": 5}[parts[1]] if parts[0] == "38" else 1
        return ";".join(parts[:long]), ";".join(parts[long:])

    @property
    def color(self) -> Color | None:
        """The upper pixel."""
        return _rich_colour(self.codes[0])

    @property
    def bgcolor(self) -> Color | None:
        """The lower pixel."""
        return _rich_colour(self.codes[1])

    def clear_meta_and_links(self) -> Style:  # type: ignore[override]  # Rich caches its own
        """There are none; Textual asks for this where it dims what lies under a dialog."""
        return Style(color=self.color, bgcolor=self.bgcolor)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CellStyle) and self._ansi == other._ansi

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._ansi)


def _rich_colour(codes: str) -> Color | None:
    if not codes:
        return None
    numbers = [int(n) for n in codes.split(";")]
    if len(numbers) == 5:
        return Color.from_triplet(ColorTriplet(*numbers[2:]))
    # With its red, green and blue, which keeps Textual from replacing it by what a theme has under that number.
    number = numbers[2] if len(numbers) == 3 else numbers[0] % 10 + 8 * (numbers[0] >= 90)
    kind = ColorType.EIGHT_BIT if len(numbers) == 3 else ColorType.STANDARD
    rgb = ANSI256[number - 16] if len(numbers) == 3 else ANSI16[number]
    return Color(f"color({number})", kind, number, ColorTriplet(*map(int, rgb.tolist())))


_DIGITS = np.array([list(f"{n:<3}".encode().replace(b" ", b"\0")) for n in range(256)], dtype=np.uint8)
"""Each number up to 255 in letters, followed by zero bytes where it is short."""
_PREFIXES = {"truecolor": ("38;2;", ";48;2;"), "256": ("38;5;", ";48;5;"), "16": ("", ";")}


def _sgr_codes(upper: np.ndarray, lower: np.ndarray, mode: str) -> list[str]:
    """The SGR parameters of N cells, all written at once: as rows of letters of equal width, less the bytes left empty.

    Args:
        upper, lower: int32 (N,), 0xRRGGBB or numbers of the palette; `NONE` in `lower` for no background.
    """
    columns: list[np.ndarray] = []
    for colours, prefix, ground in ((upper, _PREFIXES[mode][0], 0), (lower, _PREFIXES[mode][1], 10)):
        part = [np.broadcast_to(np.frombuffer(prefix.encode(), np.uint8), (len(colours), len(prefix)))]
        if mode == "truecolor":
            semicolon = np.full((len(colours), 1), ord(";"), dtype=np.uint8)
            part += [_DIGITS[colours >> 16 & 255], semicolon, _DIGITS[colours >> 8 & 255], semicolon]
            part.append(_DIGITS[colours & 255])
        elif mode == "256":
            part.append(_DIGITS[colours & 255])
        else:  # the first eight begin at 30, the bright ones at 90; as backgrounds ten more
            part.append(_DIGITS[colours + ground + np.where(colours < 8, 30, 82)])
        columns.append(np.concatenate(part, axis=1) * (colours != NONE)[:, None])
    letters = np.concatenate([*columns, np.full((len(upper), 1), ord(" "), dtype=np.uint8)], axis=1).ravel()
    written: bytes = letters[letters != 0].tobytes()
    return written.decode("ascii").split()


def cell_styles(fore: np.ndarray, back: np.ndarray, mode: str) -> list[CellStyle]:
    """A style for each of N cells; see `_sgr_codes`. Those of few colours are made once and kept."""
    if mode == "truecolor":
        return _new_styles(fore, back, mode)
    kept, known = _KEPT_STYLES[mode]
    pairs = fore << 9 | back + 1  # `NONE` is -1
    if not known[pairs].all():
        missing = np.unique(pairs[~known[pairs]])
        kept[missing] = _new_styles(missing >> 9, (missing & 511) - 1, mode)
        known[missing] = True
    styles: list[CellStyle] = kept[pairs].tolist()
    return styles


_KEPT_STYLES = {mode: (np.empty(1 << 17, dtype=object), np.zeros(1 << 17, dtype=bool)) for mode in ("256", "16")}
"""By the two colour numbers of a cell: styles, and whether they were made."""


def _new_styles(fore: np.ndarray, back: np.ndarray, mode: str) -> list[CellStyle]:
    # Constructors mapped rather than called: thousands of objects, and no line of Python for each of them.
    styles: list[CellStyle] = list(map(object.__new__, repeat(CellStyle, len(fore))))
    deque(map(Style.__dict__["_ansi"].__set__, styles, _sgr_codes(fore, back, mode)), maxlen=0)
    return styles


class Palette(NamedTuple):
    """For every colour, at `_BITS` bits a channel, what shows it best: arrays over those 2 ** (3 * _BITS) colours."""

    solid: np.ndarray
    """int32: number of the one colour that is nearest."""
    solid_error: np.ndarray
    """float32: its squared distance."""
    fore: np.ndarray
    back: np.ndarray
    """int32: numbers of two colours that together are nearer, or twice the one."""
    character: np.ndarray
    """int32: what mixes them, a place in `_CHARACTERS`."""
    mixed_error: np.ndarray
    """float32: squared distance of the mixture, with something added for how much its two colours differ."""


_WEIGHTS = np.array([0.9, 1.77, 0.33], dtype=np.float32)
"""How much a difference in red, green and blue counts: as in luminance, three in all."""
_LOUD = {"256": 0.05, "16": 0.015}
"""How much the squared distance between the two colours of a mixture counts: the higher, the calmer and the greyer."""
_NEAREST = 6
"""Of 256 colours, so many are tried in mixtures; of 16, all."""


@cache
def _palette(mode: str) -> Palette:
    """The table for 256 or 16 colours; made once, in about a tenth of a second."""
    colours, first = (ANSI256, 16) if mode == "256" else (ANSI16, 0)
    scaled = colours * np.sqrt(_WEIGHTS)
    levels = np.linspace(0, 255, 1 << _BITS, dtype=np.float32)
    wanted = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3) * np.sqrt(_WEIGHTS)
    every = np.arange(len(wanted))
    distance = (wanted**2).sum(1)[:, None] - 2 * wanted @ scaled.T + (scaled**2).sum(1)
    near = np.argsort(distance, axis=1, kind="stable")[:, : _NEAREST if mode == "256" else len(colours)]
    fore = back = near[:, 0]
    best = error = distance[every, near[:, 0]].clip(0)
    character = np.zeros(len(wanted), dtype=np.int32)
    for i in range(near.shape[1]):
        for j in range(near.shape[1]):
            for which, share in ((_QUARTER, 0.25), (_HALF, 0.5)):
                if i == j or (which == _HALF and i > j):
                    continue
                a, b = scaled[near[:, i]], scaled[near[:, j]]
                off = ((a * share + b * (1 - share) - wanted) ** 2).sum(1) + _LOUD[mode] * ((a - b) ** 2).sum(1)
                better = off < best
                best = np.where(better, off, best)
                fore, back = np.where(better, near[:, i], fore), np.where(better, near[:, j], back)
                character[better] = which
    numbers = [(first + n).astype(np.int32) for n in (near[:, 0], fore, back)]
    return Palette(numbers[0], error.astype(np.float32), numbers[1], numbers[2], character, best.astype(np.float32))


def _few_colours(rgb: np.ndarray, mode: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two pixels a cell in 256 or 16 colours: each in the nearest one, or both as a mixture of two, whichever is closer.

    A mixture in the cell itself is finer than one of neighbouring pixels (dithering), which at 32 pixels a side hides the
    image. It shows both pixels alike, so it is taken where they differ less than the palette is off.

    Args:
        rgb: uint8 (2 H, W, 3).

    Returns:
        Places in `_CHARACTERS`, foreground and background, int32 (H, W) each.
    """
    table = _palette(mode)
    upper, lower = rgb[0::2].astype(np.int32), rgb[1::2].astype(np.int32)
    above, below, both = _coarse(upper, 255), _coarse(lower, 255), _coarse(upper + lower, 510)
    apart = ((upper - lower).astype(np.float32) ** 2) @ _WEIGHTS
    # For the two pixels together: |a - m|² + |b - m|² = 2 |mean - m|² + |a - b|² / 2.
    split = table.solid_error[above] + table.solid_error[below] <= 2 * table.mixed_error[both] + apart / 2
    return (
        np.where(split, 0, table.character[both]),
        np.where(split, table.solid[above], table.fore[both]),
        np.where(split, table.solid[below], table.back[both]),
    )


def _coarse(colours: np.ndarray, white: int) -> np.ndarray:
    """int32 (…): where in `Palette` colours int32 (…, 3) from 0 to `white` are."""
    steps = (colours * ((1 << _BITS) - 1) + white // 2) // white
    packed: np.ndarray = steps[..., 0] << 2 * _BITS | steps[..., 1] << _BITS | steps[..., 2]
    return packed


def _packed(rgb: np.ndarray) -> np.ndarray:
    """int32 (…): 0xRRGGBB of uint8 (…, 3)."""
    wide = rgb.astype(np.int32)
    packed: np.ndarray = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return packed


def half_block_lines(image: np.ndarray, mode: str) -> list[Line]:
    """Two pixels a cell, upper one as foreground: ceil(H / 2) lines of W cells; neighbours of the same colours share one.

    Args:
        image: uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4). Where H is odd, the last row has no background.
        mode: "truecolor", "256" or "16".
    """
    h, w = image.shape[:2]
    if not h or not w:
        return [[] for _ in range(-(-h // 2))]
    rgb = as_rgb(image)
    if h % 2:
        rgb = np.vstack((rgb, rgb[-1:]))
    if mode == "truecolor":
        fore, back = _packed(rgb[0::2]), _packed(rgb[1::2])
        characters = np.zeros(fore.shape, dtype=np.int32)
    else:
        characters, fore, back = _few_colours(rgb, mode)
    if h % 2:
        characters[-1], back[-1] = 0, NONE
        if mode != "truecolor":
            fore[-1] = _palette(mode).solid[_coarse(rgb[-1].astype(np.int32), 255)]
    return _cell_lines(characters, fore, back, mode)


def quadrant_lines(image: np.ndarray) -> list[Line]:
    """Four pixels a cell in two true colours, the two that fit best: H / 2 lines of W / 2 cells.

    A pixel is half as wide as in half-blocks, so that an image of a given size in cells shows more of its outlines.

    Args:
        image: uint8 or float (H, W, 3) in [0, 255], H and W even.
    """
    h, w = image.shape[0] // 2, image.shape[1] // 2
    pixels = image.astype(np.float32).reshape(h, 2, w, 2, 3).transpose(1, 3, 0, 2, 4).reshape(4, h * w * 3)
    # The squared error of a split into two groups is least where (sum of a group)² / (its size), of both, is greatest.
    ones = (_SPLITS @ pixels).reshape(8, h * w, 3)
    zeros = pixels.sum(0).reshape(h * w, 3) - ones
    count = _SPLITS.sum(1)
    ones[0], count[0] = zeros[0], 4  # a cell of one colour has it in front too
    fore, back = ones / count[:, None, None], zeros / (4 - _SPLITS.sum(1))[:, None, None]
    kept = np.einsum("pnc,pnc->pn", ones * (count < 4)[:, None, None], fore) + np.einsum("pnc,pnc->pn", zeros, back)
    split, cell = kept.argmax(0), np.arange(h * w)
    colours = [_packed(np.rint(c[split, cell]).astype(np.uint8)).reshape(h, w) for c in (fore, back)]
    return _cell_lines(split.reshape(h, w), colours[0], colours[1], "truecolor")


def _cell_lines(characters: np.ndarray, fore: np.ndarray, back: np.ndarray, mode: str) -> list[Line]:
    """Cells (H, W) as lines; neighbours of the same character (`_CHARACTERS`) and colours share a segment."""
    change = np.ones(fore.shape, dtype=bool)
    change[:, 1:] = (
        (fore[:, 1:] != fore[:, :-1]) | (back[:, 1:] != back[:, :-1]) | (characters[:, 1:] != characters[:, :-1])
    )
    starts = np.flatnonzero(change)
    lengths = np.diff(starts, append=change.size).tolist()
    styles = cell_styles(fore.ravel()[starts], back.ravel()[starts], mode)
    texts = map(mul, map(_CHARACTERS.__getitem__, characters.ravel()[starts].tolist()), lengths)
    segments = list(map(tuple.__new__, repeat(Segment), zip(texts, styles, repeat(None))))
    ends = change.sum(1).cumsum().tolist()
    return [segments[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def image_lines(image: np.ndarray, mode: Mode, *, light: bool = False) -> list[Line]:
    """An image in the way that the terminal allows; `light` says that letters are dark on a light ground."""
    if mode == "off":
        return [[Segment(" " * image.shape[1])] for _ in range(-(-image.shape[0] // 2))]
    if mode == "ascii":
        return [[Segment(line)] for line in ascii_ramp(image, light)]
    return half_block_lines(image, mode)


def thumbnail_lines(image: np.ndarray, side: int, mode: Mode, *, light: bool = False) -> list[Line]:
    """A square image `side` cells wide and half as many high, of all the detail that so many cells can show.

    Args:
        image: uint8 (N, N, 3).
        side: even; equal to N or a multiple of it for exact pixels.
    """
    if side < image.shape[0] and mode == "truecolor":
        return quadrant_lines(resized(image, side, 2 * side))
    if side == image.shape[0] or side % image.shape[0] == 0:
        return image_lines(enlarge_or_shrink(image, side), mode, light=light)
    return image_lines(np.rint(resized(image, side, side)).astype(np.uint8), mode, light=light)


def resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """float32 (height, width, C) of an image (H, W, C): each new pixel the mean of the area that it covers."""
    down, across = _areas(height, image.shape[0]), _areas(width, image.shape[1])
    out: np.ndarray = np.einsum("yh,hwc,xw->yxc", down, image.astype(np.float32), across, optimize=True)
    return out


@lru_cache(maxsize=64)
def _areas(new: int, old: int) -> np.ndarray:
    """float32 (new, old): the share that each old pixel has in each new one."""
    edges = np.arange(new + 1, dtype=np.float64)[:, None] * old / new
    covered = np.clip(edges[1:], np.arange(old), np.arange(1, old + 1)) - np.clip(
        edges[:-1], np.arange(old), np.arange(1, old + 1)
    )
    return (covered * new / old).astype(np.float32)


def width_of(line: Line) -> int:
    """Cells of a line. Nothing here is wider than one cell a character."""
    return sum(len(segment.text) for segment in line)


def padded(line: Line, width: int) -> Line:
    """The line with blanks up to `width`."""
    missing = width - width_of(line)
    return [*line, Segment(" " * missing)] if missing > 0 else line


def beside(blocks: Sequence[tuple[int, list[Line]]], gap: int) -> list[Line]:
    """Blocks of (width, lines) side by side, `gap` blanks between, the shorter ones ending in blanks."""
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


def heat(image: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """An image with a map laid over it: dim grey where the map is 0, the image's own brightness in orange where it is 1.

    Args:
        image: uint8 (H, W, 3).
        weight: float (H, W) in [0, 1].
    """
    grey = image.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    cold = grey[..., None] * np.array([0.45, 0.5, 0.6], dtype=np.float32)
    hot = 90 + 0.65 * grey[..., None] * np.array([1.0, 0.62, 0.2], dtype=np.float32)
    hot[..., 2] -= 80
    hot[..., 1] -= 30
    w = weight[..., None].astype(np.float32)
    return np.rint(cold * (1 - w) + hot * w).clip(0, 255).astype(np.uint8)


def tinted(channel: np.ndarray, which: int) -> np.ndarray:
    """uint8 (H, W) of one channel as uint8 (H, W, 3) in that channel's own shade: 0 red, 1 green, 2 blue."""
    out = np.zeros((*channel.shape, 3), dtype=np.uint8)
    out[..., which] = channel
    if which == 2:  # pure blue is too dark to see on most screens
        out[..., 1] = channel // 3
        out[..., 0] = channel // 4
    return out


def stretched(values: np.ndarray) -> np.ndarray:
    """Numbers of any range as uint8, the lowest 0 and the highest 255; all of them 0 where they are all the same."""
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if values.size:
        low, high = float(values.min()), float(values.max())
    if not high > low:
        return np.zeros(values.shape, dtype=np.uint8)
    return np.rint((values - low) * (255 / (high - low))).astype(np.uint8)


def centred(values: np.ndarray) -> np.ndarray:
    """Numbers of any range as uint8: 0 becomes mid-grey, and the one furthest from 0 black or white."""
    furthest = float(np.abs(values).max(initial=0))
    return np.rint(127.5 + values * (127.5 / furthest if furthest else 0)).astype(np.uint8)


def enlarge_or_shrink(image: np.ndarray, side: int) -> np.ndarray:
    """A square image with `side` pixels a side, where one is a whole multiple of the other; else the nearest that is."""
    now = image.shape[0]
    if side >= 2 * now:
        return enlarge(image, side // now)
    return shrink(image, now // side) if 0 < side < now else image


def printed(line: Line) -> str:
    """A line with its escape codes, for a terminal that is written to directly."""
    return "".join(
        f"\x1b[{style._ansi}m{text}\x1b[0m" if isinstance(style, CellStyle) else text for text, style, _ in line
    )
