"""Random crops: shifts by whole pixels."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.augmentation.batch import Batch
from engine.augmentation.packed import gather


class Crop:
    """Shifts each image by up to `crop` pixels along each axis, uniformly; the border is filled by reflection.

    Like padding by `crop` pixels and cropping to the old size.
    """

    def __init__(self, crop: int) -> None:
        self.pixels = crop

    def apply(self, batch: Batch) -> None:
        if not self.pixels and batch.flips is None:
            return
        # With 0 pixels this only mirrors. The draws that are then not needed keep those of later augmentations the same.
        shifts = batch.integers(-self.pixels, self.pixels, 2)
        flips = batch.flips if batch.flips is not None else torch.zeros_like(shifts[:, 0], dtype=torch.bool)
        batch.images, batch.flips = flip_and_shift(batch.images, flips, shifts), None


def flip_and_shift(images: Tensor, flips: Tensor, shifts: Tensor) -> Tensor:
    """Mirror, then shift; what moves in at the border is the image reflected.

    Args:
        images: uint8 (N, 3, H, W).
        flips: bool (N,), True where the image is mirrored left to right.
        shifts: int64 (N, 2), rows down and columns right, each smaller than the side.

    Returns:
        uint8 (N, 3, H, W), packed, on the same device.
    """
    n, _, h, w = images.shape
    row = _reflected(torch.arange(h, device=images.device) - shifts[:, :1], h)
    column = _reflected(torch.arange(w, device=images.device) - shifts[:, 1:], w)
    column = torch.where(flips.view(n, 1), w - 1 - column, column)
    return gather(images, row.view(n, h, 1) * w + column.view(n, 1, w))


def _reflected(at: Tensor, size: int) -> Tensor:
    """Positions reflected at the first and the last pixel into 0 to `size` - 1."""
    at = at.abs()
    return torch.where(at >= size, 2 * (size - 1) - at, at)
