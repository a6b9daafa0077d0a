"""The 256 and 16 colours of terminals, and for any colour the one or the mixture of two that comes nearest to it."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

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
"""float32 (16, 3): the sixteen colours as xterm has them; terminals differ a little."""
_LEVELS = (0, 95, 135, 175, 215, 255)
ANSI256 = np.array(
    [(r, g, b) for r in _LEVELS for g in _LEVELS for b in _LEVELS] + [(8 + 10 * i,) * 3 for i in range(24)],
    dtype=np.float32,
)
"""float32 (240, 3): numbers 16 to 255, a cube of 6×6×6 colours and 24 greys, the same on every terminal."""

SOLID, QUARTER, HALF = range(3)
"""How a cell shows a colour: in one colour, or with a quarter or a half of the foreground mixed into the background."""
_SHARES = ((QUARTER, 0.25), (HALF, 0.5))
_BITS = 4
"""Bits per channel that are distinguished."""
_WEIGHTS = np.array([0.9, 1.77, 0.33], dtype=np.float32)
"""How much a difference in red, green and blue counts: as in luminance; their sum is 3."""
_CONTRAST_PENALTY = {"256": 0.05, "16": 0.015}
"""How much the squared distance between the two colours of a mixture counts: a higher value looks calmer and greyer."""
_CANDIDATES = {"256": 6, "16": 16}
"""How many of the nearest colours are tried in mixtures."""


class Palette(NamedTuple):
    """For every colour at `_BITS` bits per channel, what shows it best. All arrays have 2 ** (3 * _BITS) entries."""

    solid: np.ndarray
    """int32: the number of the nearest colour."""
    solid_error: np.ndarray
    """float32: its squared distance."""
    fore: np.ndarray
    back: np.ndarray
    """int32: the numbers of two colours whose mixture is nearer, or twice the nearest one."""
    mixture: np.ndarray
    """int32: how they are mixed: `SOLID`, `QUARTER` or `HALF`."""
    mixed_error: np.ndarray
    """float32: the squared distance of the mixture, with a penalty for its contrast."""


@cache
def palette(mode: str) -> Palette:
    """The table for "256" or "16" colours; made once, in about a tenth of a second."""
    colours, first = (ANSI256, 16) if mode == "256" else (ANSI16, 0)
    scaled = colours * np.sqrt(_WEIGHTS)
    levels = np.linspace(0, 255, 1 << _BITS, dtype=np.float32)
    wanted = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3) * np.sqrt(_WEIGHTS)
    distance = (wanted**2).sum(1)[:, None] - 2 * wanted @ scaled.T + (scaled**2).sum(1)
    near = np.argsort(distance, axis=1, kind="stable")[:, : _CANDIDATES[mode]]
    fore = back = near[:, 0]
    best = error = distance[np.arange(len(wanted)), near[:, 0]].clip(0)
    mixture = np.full(len(wanted), SOLID, dtype=np.int32)
    for i in range(near.shape[1]):
        for j in range(near.shape[1]):
            for kind, share in _SHARES:
                if i == j or (kind == HALF and i > j):
                    continue
                a, b = scaled[near[:, i]], scaled[near[:, j]]
                contrast = ((a - b) ** 2).sum(1)
                off = ((a * share + b * (1 - share) - wanted) ** 2).sum(1) + _CONTRAST_PENALTY[mode] * contrast
                better = off < best
                best = np.where(better, off, best)
                fore, back = np.where(better, near[:, i], fore), np.where(better, near[:, j], back)
                mixture[better] = kind
    numbers = [(first + n).astype(np.int32) for n in (near[:, 0], fore, back)]
    return Palette(numbers[0], error.astype(np.float32), numbers[1], numbers[2], mixture, best.astype(np.float32))


def nearest(rgb: np.ndarray, mode: str) -> np.ndarray:
    """int32 (…): the number of the colour that is nearest to each of uint8 (…, 3)."""
    numbers: np.ndarray = palette(mode).solid[_index(rgb.astype(np.int32), 255)]
    return numbers


def quantized(upper: np.ndarray, lower: np.ndarray, mode: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The upper and the lower pixel of each cell in 256 or 16 colours.

    Either each pixel is shown in its nearest colour, or both in a mixture of two, whichever is closer. A mixture within
    the cell is finer than one of neighbouring pixels (dithering), which at 32 pixels a side hides the image. It shows both
    pixels alike, so it is used where they differ less than the palette is off.

    Args:
        upper, lower: uint8 (H, W, 3).

    Returns:
        `SOLID`, `QUARTER` or `HALF`, foreground and background, int32 (H, W) each. `SOLID` cells show the upper pixel
        in the foreground and the lower one in the background.
    """
    table = palette(mode)
    upper, lower = upper.astype(np.int32), lower.astype(np.int32)
    above, below, both = _index(upper, 255), _index(lower, 255), _index(upper + lower, 510)
    apart = ((upper - lower).astype(np.float32) ** 2) @ _WEIGHTS
    # For the two pixels together: |a - m|² + |b - m|² = 2 |mean - m|² + |a - b|² / 2.
    split = table.solid_error[above] + table.solid_error[below] <= 2 * table.mixed_error[both] + apart / 2
    return (
        np.where(split, SOLID, table.mixture[both]),
        np.where(split, table.solid[above], table.fore[both]),
        np.where(split, table.solid[below], table.back[both]),
    )


def _index(colours: np.ndarray, white: int) -> np.ndarray:
    """int32 (…): the places in a `Palette` of colours int32 (…, 3) from 0 to `white`."""
    steps = (colours * ((1 << _BITS) - 1) + white // 2) // white
    index: np.ndarray = steps[..., 0] << 2 * _BITS | steps[..., 1] << _BITS | steps[..., 2]
    return index
