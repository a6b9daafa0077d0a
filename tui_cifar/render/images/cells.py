"""An image as lines of cells, drawn in whichever way the terminal allows."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from tui_cifar.render.images.ascii_art import ascii_ramp
from tui_cifar.render.images.blocks import half_block_lines, quadrant_lines
from tui_cifar.render.images.pixels import enlarge_or_shrink, resized
from tui_cifar.render.look import ImageMode
from tui_cifar.render.text.line import Line


def image_lines(image: np.ndarray, mode: ImageMode, *, light: bool = False) -> list[Line]:
    """An image pixel by pixel, two of them a cell: ceil(H / 2) lines of W cells.

    Args:
        image: uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4).
        light: letters are dark on a light background.
    """
    if mode == "off":
        return [[Segment(" " * image.shape[1])] for _ in range(-(-image.shape[0] // 2))]
    if mode == "ascii":
        return [[Segment(line)] for line in ascii_ramp(image, light)]
    return half_block_lines(image, mode)


def thumbnail_lines(image: np.ndarray, side: int, mode: ImageMode, *, light: bool = False) -> list[Line]:
    """A square image, `side` cells wide and half as many high, in as much detail as so many cells can show.

    Args:
        image: uint8 (N, N, 3).
        side: even; N or a multiple of it shows the exact pixels.
    """
    if side < image.shape[0] and mode == "truecolor":
        return quadrant_lines(resized(image, side, 2 * side))
    if side == image.shape[0] or side % image.shape[0] == 0:
        return image_lines(enlarge_or_shrink(image, side), mode, light=light)
    return image_lines(np.rint(resized(image, side, side)).astype(np.uint8), mode, light=light)
