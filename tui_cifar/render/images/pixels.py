"""Images as arrays: converted to RGB and resized."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def as_rgb(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) of an image (H, W), (H, W, 1), (H, W, 3) or (H, W, 4); transparency is laid over black."""
    if image.ndim == 2:
        image = image[..., None]
    if image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    if image.shape[2] == 4:
        alpha = image[..., 3:].astype(np.uint16)
        return ((image[..., :3] * alpha + 127) // 255).astype(np.uint8)
    return image


def resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """float32 (height, width, C) of an image (H, W, C): each new pixel is the mean of the area that it covers."""
    down, across = _areas(height, image.shape[0]), _areas(width, image.shape[1])
    out: np.ndarray = np.einsum("yh,hwc,xw->yxc", down, image.astype(np.float32), across, optimize=True)
    return out


@lru_cache(maxsize=64)
def _areas(new: int, old: int) -> np.ndarray:
    """float32 (new, old): the share of each old pixel in each new one."""
    edges = np.arange(new + 1, dtype=np.float64)[:, None] * old / new
    covered = np.clip(edges[1:], np.arange(old), np.arange(1, old + 1)) - np.clip(
        edges[:-1], np.arange(old), np.arange(1, old + 1)
    )
    return (covered * new / old).astype(np.float32)


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


def enlarge_or_shrink(image: np.ndarray, side: int) -> np.ndarray:
    """A square image scaled by a whole factor, up or down, to `side` pixels a side or the nearest possible size."""
    now = image.shape[0]
    if side >= 2 * now:
        return enlarge(image, side // now)
    return shrink(image, now // side) if 0 < side < now else image
