"""What the terminal shows, cell by cell, and the fewest bytes that turn it into what it should show.

Textual sends every cell of a widget that changed. Here the cells are compared with those that the terminal holds already,
and only the others are sent: a digit of the progress line costs a few bytes instead of the whole line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from tui_cifar.render.text.text import plain

Update = LayoutUpdate | ChopsUpdate

Look = tuple[str, str, str]
"""SGR parameters of a cell: attributes, foreground, background."""

NO_LOOK: Look = ("", "", "")
BRIDGE = 4
"""Unchanged cells between two changed ones that are sent along, because going to the next one costs more."""

_UNKNOWN = "\0"


class Painter:
    """Keeps what the screen should show and what the terminal shows.

    With `ascii`, every other character is replaced by a plain one, whatever drew it.

    `take` notes an update, `changes` gives the escape sequences for what differs by now; between the two, any number of
    updates may have come: only the last state counts.
    """

    def __init__(self, *, ascii: bool = False) -> None:
        self._ascii = ascii
        self._size = (0, 0)
        self._cells: list[list[str]] = []
        self._looks: list[list[Look]] = []
        self.forget()

    def forget(self) -> None:
        """The terminal may show anything: the next `changes` draws every cell."""
        width, height = self._size
        self._shown = [[_UNKNOWN] * width for _ in range(height)]
        self._shown_looks = [[NO_LOOK] * width for _ in range(height)]
        self._dirty = set(range(height))

    def resize(self, width: int, height: int) -> None:
        """Another size: terminals differ in what they leave of the old image, so nothing is known of it."""
        if (width, height) == self._size:
            return
        self._size = (width, height)
        self._cells = [[" "] * width for _ in range(height)]
        self._looks = [[NO_LOOK] * width for _ in range(height)]
        self.forget()

    def take(self, update: Update, colours: ColorSystem | None) -> None:
        """Note what an update of the compositor shows, in as many colours as the terminal has; None is none at all."""
        for x, y, strip in pieces(update):
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
                if columns == 0:  # combines with the one before
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
        """What the screen should show: a character and its look for each cell; "" is the second half of a wide one."""
        return [list(zip(cells, looks, strict=True)) for cells, looks in zip(self._cells, self._looks, strict=True)]

    def changes(self) -> str:
        """Escape sequences that make the terminal show what was noted; empty where it does already."""
        out: list[str] = []
        look, at = NO_LOOK, (-1, -1)
        for y in sorted(self._dirty):
            cells, looks = self._cells[y], self._looks[y]
            for start, end in self._runs(y):
                if at != (start, y):
                    out.append(
                        f"\x1b[{start - at[0]}C" if y == at[1] and at[0] < start else f"\x1b[{y + 1};{start + 1}H"
                    )
                for x in range(start, end):
                    if looks[x] != look and cells[x] and not (cells[x] == " " and _same_blank(look, looks[x])):
                        out.append(turn(look, looks[x]))
                        look = looks[x]
                    out.append(cells[x])
                at = (end, y) if end < self._size[0] else (-1, -1)
            self._shown[y], self._shown_looks[y] = cells.copy(), looks.copy()
        self._dirty.clear()
        if look != NO_LOOK:
            out.append("\x1b[0m")
        return "".join(out)

    def _runs(self, y: int) -> Iterator[tuple[int, int]]:
        """The stretches of a line that differ; close ones as one, wide characters whole."""
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
            if start >= 0 and first - end > BRIDGE:
                yield start, end
                start = -1
            if start < 0:
                start = first
            end = max(end, last)
        if start >= 0:
            yield start, end


def pieces(update: Update) -> Iterator[tuple[int, int, Strip]]:
    """(column, row, strip) of what an update shows."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in line:
                yield x, y, strip
                x += strip.cell_length
        return
    for y, x1, x2 in update.spans:
        for end, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if piece is not None and x <= x2 and end > x1:
                yield x, y, piece if end <= x2 else piece.crop(0, x2 - x)


@lru_cache(maxsize=100_000)
def looks_of(style: Style, colours: ColorSystem | None) -> tuple[Look, Look]:
    """The SGR parameters of a style, for a character and for a blank (whose foreground can't be seen)."""
    if (codes := getattr(style, "codes", None)) is not None:  # a cell of an image knows them
        fore, back = codes
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
    """What stands for a character where only plain ones can be shown, in as many cells."""
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
def _same_blank(look: Look, wanted: Look) -> bool:
    """Whether a blank drawn in one look can't be told from one drawn in another, as between two words."""
    lines = {"4", "7", "9", "21"}  # underline, reverse, strike: seen on blanks too
    return look[2] == wanted[2] and not wanted[0] and not wanted[1] and lines.isdisjoint(look[0].split(";"))


@lru_cache(maxsize=100_000)
def turn(old: Look, new: Look) -> str:
    """The sequence that turns one look into another: only what differs."""
    if old[0] != new[0] or new == NO_LOOK:
        parts = ["0", *(p for p in new if p)]
    else:
        parts = [
            part or default for part, was, default in ((new[1], old[1], "39"), (new[2], old[2], "49")) if part != was
        ]
    return f"\x1b[{';'.join(parts)}m"
