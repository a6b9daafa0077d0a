"""The fewest bytes that turn what the terminal shows into what it should show.

Textual sends every cell of a widget that changed. Here each cell is compared with the one that the terminal shows already, and
only those that differ are sent: a digit of the progress line costs a few bytes instead of the whole line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from tui_cifar.render.rich_private import CellStyle
from tui_cifar.render.text.ascii import plain
from tui_cifar.terminal.textual_private import Update, strips_of

Look = tuple[str, str, str]
"""SGR parameters of a cell: attributes, foreground, background; "" for the terminal's default."""

NO_LOOK: Look = ("", "", "")
MAX_GAP = 4
"""Unchanged cells between two changed ones that are sent again, because moving the cursor across them costs more."""

_UNKNOWN = "\0"


class Painter:
    """Keeps two pictures of the screen: what it should show, and what the terminal shows.

    `take` updates the first; `changes` returns the escape sequences for the difference, and updates the second. Any number of
    updates may come in between.

    Args:
        ascii: replace every character above 127 with a similar one in ASCII.
    """

    def __init__(self, *, ascii: bool = False) -> None:
        self._ascii = ascii
        self._size = (0, 0)
        self._cells: list[list[str]] = []
        self._looks: list[list[Look]] = []
        self.forget()

    def forget(self) -> None:
        """Assume nothing about what the terminal shows: the next `changes` draws every cell."""
        width, height = self._size
        self._shown = [[_UNKNOWN] * width for _ in range(height)]
        self._shown_looks = [[NO_LOOK] * width for _ in range(height)]
        self._dirty = set(range(height))

    def resize(self, width: int, height: int) -> None:
        """Start with an empty screen of this size, unless it has this size already."""
        if (width, height) == self._size:
            return
        self._size = (width, height)
        self._cells = [[" "] * width for _ in range(height)]
        self._looks = [[NO_LOOK] * width for _ in range(height)]
        self.forget()

    def take(self, update: Update, colours: ColorSystem | None) -> None:
        """Apply an update, in the colours that the terminal has, or without any for None."""
        for x, y, strip in strips_of(update):
            self._place(x, y, strip, colours)

    def _place(self, x: int, y: int, strip: Strip, colours: ColorSystem | None) -> None:
        width, height = self._size
        if not 0 <= y < height:
            return
        cells, looks = self._cells[y], self._looks[y]
        for text, style, control in strip:
            if control:
                continue
            look, blank = (NO_LOOK, NO_LOOK) if style is None else looks_of(style, colours)
            if self._ascii and not text.isascii():
                text = "".join(map(plain_cells, text))
            if text.isascii() or len(text) == cell_len(text):
                for character in text:
                    if x < width:
                        cells[x], looks[x] = character, blank if character == " " else look
                    x += 1
                continue
            for character in text:
                columns = cell_len(character)
                if columns == 0:  # combines with the character before
                    if 0 < x <= width:
                        cells[x - 1] += character
                    continue
                if x + columns <= width:
                    cells[x], looks[x] = character, blank if character == " " else look
                    if columns == 2:
                        cells[x + 1], looks[x + 1] = "", look
                x += columns
        self._dirty.add(y)

    @property
    def rows(self) -> list[list[tuple[str, Look]]]:
        """What the screen should show: character and look of each cell; "" is the second half of a wide character."""
        return [list(zip(cells, looks, strict=True)) for cells, looks in zip(self._cells, self._looks, strict=True)]

    def changes(self) -> str:
        """The escape sequences that make the terminal show what it should; "" if it does already."""
        out: list[str] = []
        look, at = NO_LOOK, (-1, -1)
        for y in sorted(self._dirty):
            cells, looks = self._cells[y], self._looks[y]
            for start, end in self._differences(y):
                if at != (start, y):
                    out.append(
                        f"\x1b[{start - at[0]}C" if y == at[1] and at[0] < start else f"\x1b[{y + 1};{start + 1}H"
                    )
                for x in range(start, end):
                    if looks[x] != look and cells[x] and not (cells[x] == " " and _same_blank(look, looks[x])):
                        out.append(transition(look, looks[x]))
                        look = looks[x]
                    out.append(cells[x])
                at = (end, y) if end < self._size[0] else (-1, -1)
            self._shown[y], self._shown_looks[y] = cells.copy(), looks.copy()
        self._dirty.clear()
        if look != NO_LOOK:
            out.append("\x1b[0m")
        return "".join(out)

    def _differences(self, y: int) -> Iterator[tuple[int, int]]:
        """(start, end) of the runs of a line that differ; runs close to each other are joined, wide characters kept whole."""
        cells, looks, shown, shown_looks = self._cells[y], self._looks[y], self._shown[y], self._shown_looks[y]
        if cells == shown and looks == shown_looks:
            return
        width = self._size[0]
        start = end = -1
        for x in range(width):
            if cells[x] == shown[x] and looks[x] == shown_looks[x]:
                continue
            first, last = x, x + 1
            while first > 0 and not cells[first]:
                first -= 1
            while last < width and not cells[last]:
                last += 1
            if start >= 0 and first - end > MAX_GAP:
                yield start, end
                start = -1
            if start < 0:
                start = first
            end = max(end, last)
        if start >= 0:
            yield start, end


@lru_cache(maxsize=100_000)
def looks_of(style: Style, colours: ColorSystem | None) -> tuple[Look, Look]:
    """The looks of a character and of a blank in a style. A blank's foreground is left out, because it can't be seen."""
    if isinstance(style, CellStyle):
        fore, back = style.codes
        return ("", fore, back), ("", "", back)
    attributes = ";".join(_attributes(style))
    fore = back = ""
    if colours is not None:
        fore = ";".join(style.color.downgrade(colours).get_ansi_codes()) if style.color else ""
        back = ";".join(style.bgcolor.downgrade(colours).get_ansi_codes(False)) if style.bgcolor else ""
        fore, back = fore if fore != "39" else "", back if back != "49" else ""
    look = (attributes, fore, back)
    return look, look if style.underline or style.reverse or style.strike or style.underline2 else ("", "", back)


@lru_cache(maxsize=20_000)
def plain_cells(character: str) -> str:
    """ASCII characters in the place of another character, as many as it takes cells."""
    return plain(character)[:1].ljust(1).ljust(cell_len(character), "?")[: cell_len(character)]


def _attributes(style: Style) -> Iterable[str]:
    for code, on in (
        ("1", style.bold),
        ("2", style.dim),
        ("3", style.italic),
        ("4", style.underline),
        ("7", style.reverse),
        ("9", style.strike),
        ("21", style.underline2),
    ):
        if on:
            yield code


@lru_cache(maxsize=100_000)
def _same_blank(current: Look, wanted: Look) -> bool:
    """Whether a blank looks the same in both, so that the current look can stay, as between two words."""
    visible = {"4", "7", "9", "21"}  # underline, reverse, strike, double underline: seen on a blank too
    return current[2] == wanted[2] and not wanted[0] and not wanted[1] and visible.isdisjoint(current[0].split(";"))


@lru_cache(maxsize=100_000)
def transition(old: Look, new: Look) -> str:
    """The escape sequence from one look to another; it names only what differs, if attributes are the same."""
    if old[0] != new[0] or new == NO_LOOK:
        parts = ["0", *(part for part in new if part)]
    else:
        parts = [
            part or default for part, was, default in ((new[1], old[1], "39"), (new[2], old[2], "49")) if part != was
        ]
    return f"\x1b[{';'.join(parts)}m"
