"""Rich styles of terminal cells that are made with their escape codes, thousands at a time.

Rich works out the codes of a style when it first draws it, 15 µs each: too slow for a screen of 4,800 cells that all differ.
A `CellStyle` holds its codes from the start, and NumPy writes the codes of all cells at once.
"""

from __future__ import annotations

from collections import deque
from itertools import repeat

import numpy as np
from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.style import Style

from tui_cifar.render.images.palette import ANSI16, ANSI256
from tui_cifar.render.text.line import Line

NONE = -1
"""Stands for "no colour" among packed colours and palette numbers."""


class CellStyle(Style):
    """The colours of a cell, as nothing but the escape codes that show them. Made by `cell_styles` alone."""

    __slots__ = ()
    # Everything but the codes belongs to the class: an instance sets one field instead of fourteen.
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
        """The foreground."""
        return _rich_color(self.codes[0])

    @property
    def bgcolor(self) -> Color | None:
        """The background."""
        return _rich_color(self.codes[1])

    def clear_meta_and_links(self) -> Style:  # type: ignore[override]  # Rich caches its own
        """A plain style with the same colours: Textual asks for one where it dims what lies under a dialog."""
        return Style(color=self.color, bgcolor=self.bgcolor)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CellStyle) and self._ansi == other._ansi

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._ansi)


def _rich_color(codes: str) -> Color | None:
    if not codes:
        return None
    numbers = [int(n) for n in codes.split(";")]
    if len(numbers) == 5:
        return Color.from_triplet(ColorTriplet(*numbers[2:]))
    # With its red, green and blue, so that Textual does not replace it with the theme's colour of that number.
    number = numbers[2] if len(numbers) == 3 else numbers[0] % 10 + 8 * (numbers[0] >= 90)
    kind = ColorType.EIGHT_BIT if len(numbers) == 3 else ColorType.STANDARD
    rgb = ANSI256[number - 16] if len(numbers) == 3 else ANSI16[number]
    return Color(f"color({number})", kind, number, ColorTriplet(*map(int, rgb.tolist())))


def cell_styles(fore: np.ndarray, back: np.ndarray, mode: str) -> list[CellStyle]:
    """A style for each of N cells. Those of 256 and 16 colours are made once and kept.

    Args:
        fore, back: int32 (N,), 0xRRGGBB or palette numbers; `NONE` in `back` for no background.
        mode: "truecolor", "256" or "16".
    """
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
"""The styles made so far, and which those are, by the two palette numbers of a cell."""


def _new_styles(fore: np.ndarray, back: np.ndarray, mode: str) -> list[CellStyle]:
    # Constructors are mapped, not called: there are thousands of objects, and this runs no line of Python for each.
    styles: list[CellStyle] = list(map(object.__new__, repeat(CellStyle, len(fore))))
    deque(map(Style.__dict__["_ansi"].__set__, styles, _sgr_codes(fore, back, mode)), maxlen=0)
    return styles


_DIGITS = np.array([list(f"{n:<3}".encode().replace(b" ", b"\0")) for n in range(256)], dtype=np.uint8)
"""uint8 (256, 3): each number in ASCII digits, filled up with zero bytes."""
_PREFIXES = {"truecolor": ("38;2;", ";48;2;"), "256": ("38;5;", ";48;5;"), "16": ("", ";")}


def _sgr_codes(fore: np.ndarray, back: np.ndarray, mode: str) -> list[str]:
    """The SGR parameters of N cells, written as rows of ASCII bytes of equal width, of which the zeros are then dropped."""
    columns: list[np.ndarray] = []
    for colours, prefix, offset in ((fore, _PREFIXES[mode][0], 0), (back, _PREFIXES[mode][1], 10)):
        part = [np.broadcast_to(np.frombuffer(prefix.encode(), np.uint8), (len(colours), len(prefix)))]
        if mode == "truecolor":
            semicolon = np.full((len(colours), 1), ord(";"), dtype=np.uint8)
            part += [_DIGITS[colours >> 16 & 255], semicolon, _DIGITS[colours >> 8 & 255], semicolon]
            part.append(_DIGITS[colours & 255])
        elif mode == "256":
            part.append(_DIGITS[colours & 255])
        else:  # the first eight begin at 30, the bright ones at 90; backgrounds at ten more
            part.append(_DIGITS[colours + offset + np.where(colours < 8, 30, 82)])
        columns.append(np.concatenate(part, axis=1) * (colours != NONE)[:, None])
    rows = np.concatenate([*columns, np.full((len(fore), 1), ord(" "), dtype=np.uint8)], axis=1).ravel()
    written: bytes = rows[rows != 0].tobytes()
    return written.decode("ascii").split()


def printed(line: Line) -> str:
    """A line with its escape codes, for printing to a terminal directly."""
    return "".join(
        f"\x1b[{style._ansi}m{text}\x1b[0m" if isinstance(style, CellStyle) else text for text, style, _ in line
    )
