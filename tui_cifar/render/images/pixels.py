"""Images as arrays, and as letters."""

from __future__ import annotations

import numpy as np

RAMP = " .:-=+*#%@"
"""Dark to light, as light letters on a dark ground."""


def as_rgb(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) of an image (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); transparency over black."""
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


def ascii_ramp(image: np.ndarray, light: bool = False) -> list[str]:
    """An image as letters by luminance (Rec. 709), stretched to the ramp: ceil(H / 2) lines of W cells.

    Args:
        image: uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4).
        light: for dark letters on a light ground: the ramp goes the other way.
    """
    luminance = as_rgb(image).astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])
    if luminance.size == 0:
        return ["" for _ in range(0, image.shape[0], 2)]
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
        lines.append("".join(letters[mean]))
    return lines
