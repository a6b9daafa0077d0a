"""Numbers as shades: heat maps, single colour channels, feature maps and filters."""

from __future__ import annotations

import numpy as np


def heat(image: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """An image under a heat map: dim grey where the weight is 0, the image's own brightness in orange where it is 1.

    Args:
        image: uint8 (H, W, 3).
        weight: float (H, W) in [0, 1].

    Returns:
        uint8 (H, W, 3).
    """
    grey = image.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    cold = grey[..., None] * np.array([0.45, 0.5, 0.6], dtype=np.float32)
    hot = 90 + 0.65 * grey[..., None] * np.array([1.0, 0.62, 0.2], dtype=np.float32)
    hot[..., 2] -= 80
    hot[..., 1] -= 30
    w = weight[..., None].astype(np.float32)
    return np.rint(cold * (1 - w) + hot * w).clip(0, 255).astype(np.uint8)


def tinted(channel: np.ndarray, which: int) -> np.ndarray:
    """uint8 (H, W, 3) of one channel, uint8 (H, W), in its own colour: 0 red, 1 green, 2 blue."""
    out = np.zeros((*channel.shape, 3), dtype=np.uint8)
    out[..., which] = channel
    if which == 2:  # pure blue is too dark to see on most terminals
        out[..., 1] = channel // 3
        out[..., 0] = channel // 4
    return out


def grey(values: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) of one channel, uint8 (H, W), in grey."""
    return np.repeat(values[..., None], 3, axis=2)


def stretched(values: np.ndarray) -> np.ndarray:
    """Values of any range as uint8: the lowest becomes 0, the highest 255; all are 0 if they are all the same."""
    if not values.size:
        return np.zeros(values.shape, dtype=np.uint8)
    low, high = float(values.min()), float(values.max())
    if not high > low:
        return np.zeros(values.shape, dtype=np.uint8)
    return np.rint((values - low) * (255 / (high - low))).astype(np.uint8)


def centred(values: np.ndarray) -> np.ndarray:
    """Values of any range as uint8: 0 becomes mid-grey, and the value furthest from 0 black or white."""
    furthest = float(np.abs(values).max(initial=0))
    return np.rint(127.5 + values * (127.5 / furthest if furthest else 0)).astype(np.uint8)
