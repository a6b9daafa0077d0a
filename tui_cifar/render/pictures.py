"""Pictures as terminal text: half-blocks, two pixels a cell, or a ramp of letters."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.style import Style
from rich.text import Span, Text

RAMP = " .:-=+*#%@"
"""Dark to light, as light letters on a dark ground."""

_STYLES: dict[tuple[int, int], Style] = {}
_MAX_STYLES = 50_000


def as_rgb(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) of a picture (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); transparency over black."""
    if image.ndim == 2:
        image = image[..., None]
    if image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    if image.shape[2] == 4:
        alpha = image[..., 3:].astype(np.uint16)
        return ((image[..., :3] * alpha + 127) // 255).astype(np.uint8)
    return image


def shrink(image: np.ndarray, factor: int) -> np.ndarray:
    """The mean of each `factor` by `factor` block; rows and columns that fill no block are cut off."""
    if factor <= 1:
        return image
    h, w = image.shape[0] // factor, image.shape[1] // factor
    blocks = image[: h * factor, : w * factor].reshape(h, factor, w, factor, -1)
    mean: np.ndarray = np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)
    return mean


def enlarge(image: np.ndarray, factor: int) -> np.ndarray:
    """Each pixel as a `factor` by `factor` block."""
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def half_blocks(image: np.ndarray) -> list[Text]:
    """A picture as lines of half-blocks: ceil(H / 2) lines of W cells, upper pixel as foreground, lower as background.

    Args:
        image: uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4). Where H is odd, the last row has no background.
    """
    rgb = as_rgb(image).astype(np.int32)
    packed = rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]
    lines = []
    for y in range(0, packed.shape[0], 2):
        upper = packed[y]
        lower = packed[y + 1] if y + 1 < packed.shape[0] else np.full_like(upper, -1)
        lines.append(_runs(upper, lower))
    return lines


def _runs(upper: np.ndarray, lower: np.ndarray) -> Text:
    """One line; neighbours of the same two colours share a span."""
    line = Text("▀" * len(upper), no_wrap=True, end="")
    if not len(upper):
        return line
    starts = np.flatnonzero(np.r_[True, (np.diff(upper) != 0) | (np.diff(lower) != 0)])
    colours = zip(upper[starts].tolist(), lower[starts].tolist(), strict=True)
    bounds = [*starts.tolist(), len(upper)]
    line.spans = [
        Span(start, end, _style(*pair)) for pair, start, end in zip(colours, bounds, bounds[1:], strict=False)
    ]
    return line


def _style(upper: int, lower: int) -> Style:
    style = _STYLES.get((upper, lower))
    if style is None:
        if len(_STYLES) >= _MAX_STYLES:
            _STYLES.clear()
        style = _STYLES[upper, lower] = Style.from_color(_colour(upper), _colour(lower) if lower >= 0 else None)
    return style


@lru_cache(maxsize=_MAX_STYLES)
def _colour(packed: int) -> Color:
    return Color(
        f"#{packed:06x}", ColorType.TRUECOLOR, None, ColorTriplet(packed >> 16, packed >> 8 & 255, packed & 255)
    )


def ascii_ramp(image: np.ndarray, light: bool = False) -> list[Text]:
    """A picture as letters by luminance (Rec. 709), stretched to the ramp: ceil(H / 2) lines of W cells.

    Args:
        image: as for `half_blocks`.
        light: for dark letters on a light ground: the ramp goes the other way.
    """
    luminance = as_rgb(image).astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])
    if luminance.size == 0:
        return [Text("") for _ in range(0, image.shape[0], 2)]
    low, high = luminance.min(), luminance.max()
    level = (
        np.rint((luminance - low) / max(high - low, 1e-9) * (len(RAMP) - 1)).astype(int)
        if high > low
        else np.rint(luminance / 255 * (len(RAMP) - 1)).astype(int)
    )
    letters = np.array(list(RAMP[::-1] if light else RAMP))
    lines = []
    for y in range(0, level.shape[0], 2):
        mean = np.rint(level[y : y + 2].mean(axis=0)).astype(int)
        lines.append(Text("".join(letters[mean]), no_wrap=True, end=""))
    return lines


def draw(image: np.ndarray, mode: str, light: bool = False) -> list[Text]:
    """`half_blocks` for "half", `ascii_ramp` for "ascii"; `light` says that the ground is."""
    return half_blocks(image) if mode == "half" else ascii_ramp(image, light)
