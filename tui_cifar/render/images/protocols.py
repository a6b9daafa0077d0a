"""Images as pixels, for terminals that support it: Kitty's graphics protocol and Sixel. Used only on request."""

from __future__ import annotations

import base64
import fcntl
import struct
import sys
import termios
from itertools import groupby

import numpy as np

ESC = "\x1b"
_CHUNK = 4096
"""Bytes of base64 that Kitty accepts at once."""


def kitty(image: np.ndarray, columns: int, rows: int, *, tmux: bool = False) -> str:
    """The escape sequence that shows an image at the cursor, scaled to `columns` by `rows` cells; the cursor does not move.

    See https://sw.kovidgoyal.net/kitty/graphics-protocol/.

    Args:
        image: uint8 (H, W, 3).
        tmux: wrap the sequences so that tmux passes them on (`allow-passthrough`).
    """
    data = base64.standard_b64encode(np.ascontiguousarray(image).tobytes()).decode("ascii")
    chunks = [data[i : i + _CHUNK] for i in range(0, len(data), _CHUNK)] or [""]
    head = f"a=T,f=24,s={image.shape[1]},v={image.shape[0]},c={columns},r={rows},C=1,q=2,"
    out = []
    for i, chunk in enumerate(chunks):
        more = int(i < len(chunks) - 1)
        out.append(f"{ESC}_G{head if i == 0 else ''}m={more};{chunk}{ESC}\\")
    if tmux:
        return "".join(f"{ESC}Ptmux;{part.replace(ESC, ESC + ESC)}{ESC}\\" for part in out)
    return "".join(out)


def sixel(image: np.ndarray, side: int) -> str:
    """The escape sequence that shows a square image at the cursor, `side` pixels wide, in a palette of up to 256 colours.

    Args:
        image: uint8 (N, N, 3).
    """
    from PIL import Image

    small = Image.fromarray(image).quantize(256, kmeans=1, dither=Image.Dither.NONE)
    palette = np.array(small.getpalette(), dtype=np.int32).reshape(-1, 3)
    at = np.arange(side) * image.shape[0] // max(1, side)
    numbers = np.asarray(small)[at][:, at]
    out = [f'{ESC}P0;1q"1;1;{side};{side}']
    out += ["#{};2;{};{};{}".format(i, *((palette[i] * 100 + 127) // 255)) for i in np.unique(numbers).tolist()]
    for top in range(0, side, 6):
        band = numbers[top : top + 6]
        weight = 1 << np.arange(len(band))[:, None]
        lines = []
        for colour in np.unique(band).tolist():
            sixels = ((band == colour) * weight).sum(0).tolist()
            runs = [(chr(63 + value), len(list(same))) for value, same in groupby(sixels)]
            lines.append(f"#{colour}" + "".join(f"!{n}{c}" if n > 3 else c * n for c, n in runs))
        out.append("$".join(lines) + "-")
    return "".join(out) + f"{ESC}\\"


def cell_pixels() -> tuple[int, int]:
    """Width and height of a cell in pixels, as reported by the terminal on standard output, else 10 by 20."""
    try:
        size = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, b"\0" * 8)
        rows, columns, width, height = struct.unpack("HHHH", size)
    except (OSError, ValueError, AttributeError):
        return 10, 20
    return (width // columns, height // rows) if width and height and rows and columns else (10, 20)


def placed(sequence: str, rows: int, beside: list[str], indent: int) -> str:
    """An image of `rows` lines with text to its right; afterwards the cursor is below both.

    The lines are printed first, so that the screen has scrolled before an image is drawn at its bottom.
    """
    lines = [*beside, *[""] * (rows - len(beside))]
    text = "\n".join(f"{ESC}[{indent}C{line}" if line else "" for line in lines)
    return "\n" * len(lines) + f"{ESC}[{len(lines)}A{ESC}7{sequence}{ESC}8{text}\n"
