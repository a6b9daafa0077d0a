"""The styles of all cells of an image at once: NumPy writes their escape codes, and a `CellStyle` holds each."""

from __future__ import annotations

import numpy as np

from tui_cifar.render.rich_private import CellStyle, make_styles
from tui_cifar.render.text.line import Line

NONE = -1
"""Stands for "no colour" among packed colours and palette numbers."""


def cell_styles(fore: np.ndarray, back: np.ndarray, mode: str) -> list[CellStyle]:
    """A style for each of N cells. Those of 256 and 16 colours are made once and kept.

    Args:
        fore, back: int32 (N,), 0xRRGGBB or palette numbers; `NONE` in `back` for no background.
        mode: "truecolor", "256" or "16".
    """
    if mode == "truecolor":
        return make_styles(_sgr_codes(fore, back, mode))
    kept, known = _KEPT_STYLES[mode]
    pairs = fore << 9 | back + 1  # `NONE` is -1
    if not known[pairs].all():
        missing = np.unique(pairs[~known[pairs]])
        kept[missing] = make_styles(_sgr_codes(missing >> 9, (missing & 511) - 1, mode))
        known[missing] = True
    styles: list[CellStyle] = kept[pairs].tolist()
    return styles


_KEPT_STYLES = {mode: (np.empty(1 << 17, dtype=object), np.zeros(1 << 17, dtype=bool)) for mode in ("256", "16")}
"""The styles made so far, and which those are, by the two palette numbers of a cell."""


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
        f"\x1b[{style.sgr}m{text}\x1b[0m" if isinstance(style, CellStyle) else text for text, style, _ in line
    )
