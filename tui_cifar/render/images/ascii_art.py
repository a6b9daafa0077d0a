"""Images as letters, for terminals without colours."""

from __future__ import annotations

import numpy as np

from tui_cifar.render.images.pixels import as_rgb

RAMP = " .:-=+*#%@"
"""Dark to light, as light letters on a dark background."""


def ascii_ramp(image: np.ndarray, light: bool = False) -> list[str]:
    """An image as letters by its luminance (Rec. 709), stretched to the whole ramp: ceil(H / 2) lines of W cells.

    Args:
        image: uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4).
        light: the letters are dark on a light background, so the ramp is reversed.
    """
    luminance = as_rgb(image).astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])
    if luminance.size == 0:
        return ["" for _ in range(0, image.shape[0], 2)]
    low, high = luminance.min(), luminance.max()
    share = (luminance - low) / max(high - low, 1e-9) if high > low else luminance / 255
    level = np.rint(share * (len(RAMP) - 1)).astype(int)
    letters = np.array(list(RAMP[::-1] if light else RAMP))
    return ["".join(letters[np.rint(level[y : y + 2].mean(axis=0)).astype(int)]) for y in range(0, level.shape[0], 2)]
