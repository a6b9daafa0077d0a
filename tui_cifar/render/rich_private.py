"""Private parts of Rich: styles and segments made by the thousand, without running a line of Python for each.

Rich works out the escape codes of a style when it first draws it, 15 µs each: too slow for a screen of 4,800 cells that all
differ. `tests/tui_cifar/render/test_rich_private.py` checks what is relied on, and so names what a new version changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import repeat

from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style


class CellStyle(Style):
    """A style that holds nothing but the escape codes of its two colours, from the start. Made by `make_styles` alone."""

    __slots__ = ()
    # Everything but the codes belongs to the class: an instance sets one field instead of fourteen.
    _color = _bgcolor = _link = _meta = _style_definition = None
    _attributes = _set_attributes = 0
    _link_id, _null = "", False

    @property
    def sgr(self) -> str:
        """The SGR parameters, as in "38;5;16;48;5;196"."""
        assert self._ansi is not None
        return self._ansi

    @property
    def codes(self) -> tuple[str, str]:
        """The SGR parameters of the foreground, and of the background, "" if there is none."""
        parts = self.sgr.split(";")
        long = {"5": 3, "2": 5}[parts[1]] if parts[0] == "38" else 1
        return ";".join(parts[:long]), ";".join(parts[long:])

    @property
    def color(self) -> Color | None:
        return _color(self.codes[0])

    @property
    def bgcolor(self) -> Color | None:
        return _color(self.codes[1])

    def clear_meta_and_links(self) -> Style:  # type: ignore[override]  # Rich caches its own
        """A plain style with the same colours: Textual asks for one where it dims what lies under a dialog."""
        return Style(color=self.color, bgcolor=self.bgcolor)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CellStyle) and self._ansi == other._ansi

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._ansi)


def make_styles(sgr: Sequence[str]) -> list[CellStyle]:
    """A style for each SGR string, of a foreground and perhaps a background, in true colour, 256 or 16 colours."""
    styles: list[CellStyle] = list(map(object.__new__, repeat(CellStyle, len(sgr))))
    deque(map(Style.__dict__["_ansi"].__set__, styles, sgr), maxlen=0)
    return styles


def make_segments(texts: Iterable[str], styles: Iterable[Style]) -> list[Segment]:
    """Segments of texts and their styles, by way of their being named tuples."""
    return list(map(tuple.__new__, repeat(Segment), zip(texts, styles, repeat(None))))


def _color(sgr: str) -> Color | None:
    if not sgr:
        return None
    numbers = [int(n) for n in sgr.split(";")]
    if len(numbers) == 5:
        return Color.from_triplet(ColorTriplet(*numbers[2:]))
    # With its red, green and blue, so that Textual does not replace it with the theme's colour of that number.
    from tui_cifar.render.images.palette import ANSI16, ANSI256  # NumPy, which the first frame should not wait for

    number = numbers[2] if len(numbers) == 3 else numbers[0] % 10 + 8 * (numbers[0] >= 90)
    kind = ColorType.EIGHT_BIT if len(numbers) == 3 else ColorType.STANDARD
    rgb = ANSI256[number - 16] if len(numbers) == 3 else ANSI16[number]
    return Color(f"color({number})", kind, number, ColorTriplet(*map(int, rgb.tolist())))
