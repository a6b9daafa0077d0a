"""A screen as SVG: exact cells, no raster images, no fonts to download, the same bytes on every machine.

Images, blocks, lines and braille are drawn as geometry, so that rows join without gaps whatever font the reader has. Only
letters and symbols are text, each run stretched to its cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from tui_cifar.terminal.painter import NO_LOOK, Look

Rows = list[list[tuple[str, Look]]]

WIDTH, HEIGHT = 10, 20
"""Of a cell, in units of the SVG."""
MARGIN = 14
FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"

# Which quarters of a cell a block fills: bits 1, 2, 4, 8 for top left, top right, bottom left, bottom right.
QUARTERS = dict(zip(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█", range(16), strict=True))
# Arms of a line: left, right, up, down; 1 is light, 2 is heavy.
ARMS = {
    **{
        "─": (1, 1, 0, 0),
        "│": (0, 0, 1, 1),
        "┤": (1, 0, 1, 1),
        "├": (0, 1, 1, 1),
        "┬": (1, 1, 0, 1),
        "┴": (1, 1, 1, 0),
    },
    **{"┼": (1, 1, 1, 1), "└": (0, 1, 1, 0), "┌": (0, 1, 0, 1), "┐": (1, 0, 0, 1), "┘": (1, 0, 1, 0)},
    **{"━": (2, 2, 0, 0), "╸": (2, 0, 0, 0), "╺": (0, 2, 0, 0), "┃": (0, 0, 2, 2)},
}
CORNERS = {"╭": "M{x} {d}V{m}Q{x} {y} {p} {y}H{r}", "╮": "M{x} {d}V{m}Q{x} {y} {o} {y}H{l}"}
CORNERS |= {"╰": "M{x} {u}V{n}Q{x} {y} {p} {y}H{r}", "╯": "M{x} {u}V{n}Q{x} {y} {o} {y}H{l}"}


def to_svg(rows: Rows, title: str, fore: str, ground: str) -> str:
    """The SVG of a screen drawn in true colour.

    Args:
        rows: as `Painter.rows` has them.
        title: what a screen reader says.
        fore, ground: "#rrggbb" of cells that have no colour of their own.
    """
    columns, lines = len(rows[0]), len(rows)
    width, height = columns * WIDTH + 2 * MARGIN, lines * HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" rx="10" fill="{ground}"/>',
        f'<g transform="translate({MARGIN} {MARGIN})">',
        f'<g transform="scale({WIDTH // 2} {HEIGHT // 2})translate(0 .5)" shape-rendering="crispEdges">',
        *_pixels(rows, fore, ground),
        '</g><g fill="none" stroke-width="1.4">',
        *_strokes(rows, fore),
        f'</g><g font-family="{FONTS}" font-size="16.5">',
        *_texts(rows, fore),
        "</g></g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _pixels(rows: Rows, fore: str, ground: str) -> Iterator[str]:
    """Backgrounds and blocks: a grid of quarter cells, a path for each colour."""
    runs: dict[str, list[str]] = defaultdict(list)
    for y, row in enumerate(rows):
        for half in (0, 1):
            line: list[str] = []
            for character, look in row:
                colours, quarters = _colours(look, fore, ground), QUARTERS.get(character, 0)
                front, back = map(_rounded, colours) if quarters else colours
                line += [front if quarters >> 2 * half & bit else back for bit in (1, 2)]
            start = 0
            for x in range(1, len(line) + 1):
                if x == len(line) or line[x] != line[start]:
                    runs[line[start]].append(f"M{start} {2 * y + half}h{x - start}")
                    start = x
    runs.pop(ground, None)
    return (f'<path stroke="{colour}" d="{"".join(moves)}"/>' for colour, moves in sorted(runs.items()))


def _strokes(rows: Rows, fore: str) -> Iterator[str]:
    """Lines and braille."""
    paths: dict[tuple[str, bool], list[str]] = defaultdict(list)
    dots: dict[str, list[str]] = defaultdict(list)
    for row, cells in enumerate(rows):
        for column, (character, look) in enumerate(cells):
            colour = _colours(look, fore, "")[0]
            left, up = column * WIDTH, row * HEIGHT
            x, y = left + WIDTH // 2, up + HEIGHT // 2
            for weight in (1, 2):
                paths[colour, weight == 2] += _arms(ARMS.get(character, ()), weight, left, up)
            if character in CORNERS:
                bend = {"o": x - 5, "p": x + 5, "m": y + 5, "n": y - 5}
                sides = {"l": left, "r": left + WIDTH, "u": up, "d": up + HEIGHT}
                paths[colour, False].append(CORNERS[character].format(x=x, y=y, **bend, **sides))
            if "⠀" < character <= "⣿":
                dots[colour] += [f"M{left + dx} {up + dy}h0" for dx, dy in _braille(ord(character) - ord("⠀"))]
    for (colour, heavy), moves in sorted(paths.items()):
        if moves:
            width = ' stroke-width="4"' if heavy else ""
            yield f'<path stroke="{colour}"{width} d="{_joined(moves)}"/>'
    for colour, moves in sorted(dots.items()):
        yield f'<path stroke="{colour}" stroke-width="3.8" stroke-linecap="round" d="{"".join(moves)}"/>'


def _arms(arms: Iterable[int], weight: int, left: int, up: int) -> list[str]:
    x, y = left + WIDTH // 2, up + HEIGHT // 2
    ends = ((left, y, "h", WIDTH // 2), (x, y, "h", WIDTH // 2), (x, up, "v", HEIGHT // 2), (x, y, "v", HEIGHT // 2))
    return [f"M{a} {b}{way}{size}" for arm, (a, b, way, size) in zip(arms, ends, strict=False) if arm == weight]


def _joined(moves: list[str]) -> str:
    """Neighbouring horizontal arms as one."""
    out: list[str] = []
    end: tuple[int, int] | None = None
    for move in moves:
        start, way, size = move[1:].partition("h")
        if not way or "V" in start or "H" in start:
            out.append(move)
            end = None
            continue
        x, y = map(int, start.split())
        if end == (x, y):
            before, _, length = out[-1].rpartition("h")
            out[-1] = f"{before}h{int(length) + int(size)}"
        else:
            out.append(move)
        end = x + int(size), y
    return "".join(out)


def _braille(bits: int) -> Iterator[tuple[float, float]]:
    """Where a character's dots are in the cell."""
    for bit, (column, row) in enumerate(((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))):
        if bits >> bit & 1:
            yield 2.5 + 5 * column, 2.5 + 5 * row


def _texts(rows: Rows, fore: str) -> Iterator[str]:
    """Runs of letters of one look; a symbol is a run of its own, because fonts differ in how wide it is."""
    for y, row in enumerate(rows):
        run, start, look = "", 0, NO_LOOK
        for x, (character, now) in enumerate(row):
            if _goes_on(run, look, character, now):
                run += character
                continue
            if run:
                yield _text(run.rstrip(), start, y, look, fore)
            run, start, look = character if _is_letter(character) else "", x, now
        if run:
            yield _text(run.rstrip(), start, y, look, fore)


def _goes_on(run: str, look: Look, character: str, now: Look) -> bool:
    if not run or not run.isascii() or run.endswith("  "):
        return False
    if character == " ":
        return now[2] == look[2]
    return now == look and character.isascii() and _is_letter(character)


def _is_letter(character: str) -> bool:
    drawn = character in QUARTERS or character in ARMS or character in CORNERS or "⠀" <= character <= "⣿"
    return bool(character.strip()) and not drawn


def _text(run: str, x: int, y: int, look: Look, fore: str) -> str:
    colour, attributes = _colours(look, fore, "")[0], look[0].split(";")
    weight = ' font-weight="700"' if "1" in attributes else ""
    dim = ' opacity=".6"' if "2" in attributes else ""
    place = f'x="{x * WIDTH}" y="{y * HEIGHT + 15}" textLength="{len(run) * WIDTH}"'
    return f'<text {place} fill="{colour}"{weight}{dim}>{escape(run)}</text>'


def _colours(look: Look, fore: str, ground: str) -> tuple[str, str]:
    """Foreground and background as "#rrggbb"."""
    front, back = (_hex(codes) or other for codes, other in zip(look[1:], (fore, ground), strict=True))
    return (back, front) if "7" in look[0].split(";") else (front, back)


def _hex(codes: str) -> str:
    return "#{:02x}{:02x}{:02x}".format(*map(int, codes.split(";")[2:])) if codes else ""


def _rounded(colour: str) -> str:
    """Rounded to 32 levels of red, green and blue: nobody sees it in an image, and it halves the file."""
    return "#" + "".join(f"{(v := int(colour[i : i + 2], 16) & 0xF8) | v >> 5:02x}" for i in (1, 3, 5))
