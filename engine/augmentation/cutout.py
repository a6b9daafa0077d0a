"""Cutout (DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout", 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.augmentation.batch import Batch
from engine.augmentation.packed import images_of, pixels_of

GREY = 0x808080
"""A packed pixel of middle grey: near the mean of the images, so that a square of it carries no information."""


class Cutout:
    """Covers a grey square in each image, `cutout` pixels wide, whose centre lies anywhere in the image."""

    def __init__(self, cutout: int) -> None:
        self.side = cutout

    def apply(self, batch: Batch) -> None:
        if not self.side:
            return
        h, w = batch.images.shape[2:]
        centres = torch.stack([batch.integers(0, h - 1), batch.integers(0, w - 1)], 1)
        batch.images = cut_out(batch.images, centres, self.side)


def cut_out(images: Tensor, centres: Tensor, side: int) -> Tensor:
    """Grey squares over parts of the images, clipped at the border.

    Args:
        images: uint8 (N, 3, H, W).
        centres: int64 (N, 2), row and column.
        side: of the square in pixels.
    """
    n, _, h, w = images.shape
    half = side // 2
    rows = (torch.arange(h, device=images.device) - centres[:, :1] + half).view(n, h, 1)
    columns = (torch.arange(w, device=images.device) - centres[:, 1:] + half).view(n, 1, w)
    hole = (rows >= 0) & (rows < side) & (columns >= 0) & (columns < side)
    return images_of(pixels_of(images).masked_fill(hole.view(n, h * w), GREY), h, w)
