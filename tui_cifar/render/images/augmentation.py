"""An image beside samples of its augmentation."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from tui_cifar.render.images.cells import thumbnail_lines
from tui_cifar.render.images.grid import Grid, fit, in_rows
from tui_cifar.render.look import Look
from tui_cifar.render.text.format import cut
from tui_cifar.render.text.line import Line

NO_ROOM = "No room for images."


def labelled(image: np.ndarray, label: str, grid: Grid, look: Look) -> list[Line]:
    """An image of a grid with a label below it."""
    drawn = thumbnail_lines(image, grid.side, look.mode, light=look.light)
    return [*drawn, [Segment(cut(label, grid.side), look.styles.dim)]]


def augmented_view(image: np.ndarray, samples: np.ndarray, width: int, height: int, look: Look) -> list[Line]:
    """The original image and samples of its augmentation, as many as fit.

    Args:
        image: uint8 (32, 32, 3).
        samples: uint8 (K, 32, 32, 3).
    """
    grid = fit(width, height, most=1 + len(samples))
    if not grid.side:
        return [[Segment(NO_ROOM, look.styles.dim)]]
    blocks = [labelled(image, "original", grid, look)]
    blocks += [labelled(sample, f"sample {i}", grid, look) for i, sample in enumerate(samples, 1)]
    return in_rows(blocks, grid)
