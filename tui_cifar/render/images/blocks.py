"""Images as block characters: two pixels a cell as half blocks in any number of colours, four as quadrants in true colour."""

from __future__ import annotations

from operator import mul

import numpy as np

from tui_cifar.render.images.cell_style import NONE, cell_styles
from tui_cifar.render.images.palette import HALF, QUARTER, SOLID, nearest, quantized
from tui_cifar.render.images.pixels import as_rgb
from tui_cifar.render.rich_private import make_segments
from tui_cifar.render.text.line import Line

_SPLIT = "▀▘▝▀▖▌▞▛"
"""The character for each way to split a cell in two: bit 0 of its place stands for the upper left quarter, bit 1 for the
upper right, bit 2 for the lower left; the lower right one is always in the background. At 0 the whole cell is one colour."""
_CHARACTERS = _SPLIT + "░▒"
_MIXTURES = np.zeros(3, dtype=np.int32)
"""Places in `_CHARACTERS` of the ways in which a palette mixes two colours."""
_MIXTURES[[SOLID, QUARTER, HALF]] = 0, len(_SPLIT), len(_SPLIT) + 1
_IN_FRONT = np.array([[split >> bit & 1 for bit in range(4)] for split in range(8)], dtype=np.float32)
"""float32 (8, 4): for each split, which of the four quarters are in the foreground."""


def half_block_lines(image: np.ndarray, mode: str) -> list[Line]:
    """Two pixels a cell, the upper one in the foreground: ceil(H / 2) lines of W cells.

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
        mixture, fore, back = quantized(rgb[0::2], rgb[1::2], mode)
        characters = _MIXTURES[mixture]
    if h % 2:
        characters[-1], back[-1] = 0, NONE
        if mode != "truecolor":
            fore[-1] = nearest(rgb[-1], mode)
    return _cell_lines(characters, fore, back, mode)


def quadrant_lines(image: np.ndarray) -> list[Line]:
    """Four pixels a cell in the two true colours that fit best: H / 2 lines of W / 2 cells.

    A pixel is half as wide as in half blocks, so an image of the same size in cells shows more of its outlines.

    Args:
        image: uint8 or float (H, W, 3) in [0, 255], H and W even.
    """
    h, w = image.shape[0] // 2, image.shape[1] // 2
    pixels = image.astype(np.float32).reshape(h, 2, w, 2, 3).transpose(1, 3, 0, 2, 4).reshape(4, h * w * 3)
    # The squared error of a split into two groups is least where (sum of a group)² / (its size), of both, is greatest.
    front = (_IN_FRONT @ pixels).reshape(8, h * w, 3)
    rest = pixels.sum(0).reshape(h * w, 3) - front
    count = _IN_FRONT.sum(1)
    front[0], count[0] = rest[0], 4  # a cell of one colour has it in the foreground too
    fore, back = front / count[:, None, None], rest / (4 - _IN_FRONT.sum(1))[:, None, None]
    kept = np.einsum("pnc,pnc->pn", front * (count < 4)[:, None, None], fore) + np.einsum("pnc,pnc->pn", rest, back)
    split, cell = kept.argmax(0), np.arange(h * w)
    colours = [_packed(np.rint(c[split, cell]).astype(np.uint8)).reshape(h, w) for c in (fore, back)]
    return _cell_lines(split.reshape(h, w), colours[0], colours[1], "truecolor")


def _packed(rgb: np.ndarray) -> np.ndarray:
    """int32 (…): 0xRRGGBB of uint8 (…, 3)."""
    wide = rgb.astype(np.int32)
    packed: np.ndarray = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return packed


def _cell_lines(characters: np.ndarray, fore: np.ndarray, back: np.ndarray, mode: str) -> list[Line]:
    """Lines of cells; neighbours of the same character and colours share a segment.

    Args:
        characters: int (H, W), places in `_CHARACTERS`.
        fore, back: int32 (H, W), as `cell_styles` takes them.
    """
    change = np.ones(fore.shape, dtype=bool)
    change[:, 1:] = (
        (fore[:, 1:] != fore[:, :-1]) | (back[:, 1:] != back[:, :-1]) | (characters[:, 1:] != characters[:, :-1])
    )
    starts = np.flatnonzero(change)
    lengths = np.diff(starts, append=change.size).tolist()
    styles = cell_styles(fore.ravel()[starts], back.ravel()[starts], mode)
    texts = map(mul, map(_CHARACTERS.__getitem__, characters.ravel()[starts].tolist()), lengths)
    segments = make_segments(texts, styles)
    ends = change.sum(1).cumsum().tolist()
    return [segments[start:end] for start, end in zip([0, *ends], ends, strict=False)]
