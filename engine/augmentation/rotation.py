"""Random rotation."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.augmentation.batch import Batch
from engine.augmentation.packed import gather


class Rotation:
    """Rotates each image by an angle drawn uniformly from -`rotation` to `rotation` degrees; corners are black."""

    def __init__(self, rotation: float) -> None:
        self.degrees = rotation

    def apply(self, batch: Batch) -> None:
        if not self.degrees:
            return
        degrees = batch.uniform(self.degrees)
        flips = batch.flips if batch.flips is not None else torch.zeros_like(degrees, dtype=torch.bool)
        batch.images, batch.flips = flip_and_rotate(batch.images, flips, degrees), None


def flip_and_rotate(images: Tensor, flips: Tensor, degrees: Tensor) -> Tensor:
    """Mirror, then rotate counter-clockwise about the centre: nearest neighbour, black outside the image.

    The same pixels as Pillow's `ImageOps.mirror` followed by `Image.rotate` with its default `NEAREST`: the centre of each
    new pixel is mapped back, and the old pixel that it falls into is copied.

    Args:
        images: uint8 (N, 3, H, W).
        flips: bool (N,), True where the image is mirrored left to right.
        degrees: float (N,), the angle of each image.

    Returns:
        uint8 (N, 3, H, W), packed, on the same device.
    """
    n, _, h, w = images.shape
    radians = degrees.to(torch.float32) * (math.pi / 180)
    cos, sin = radians.cos().view(n, 1, 1), radians.sin().view(n, 1, 1)
    y = (torch.arange(h, device=images.device, dtype=torch.float32) + (0.5 - h / 2)).view(1, h, 1)
    x = (torch.arange(w, device=images.device, dtype=torch.float32) + (0.5 - w / 2)).view(1, 1, w)
    column = (cos * x - sin * y).add_(w / 2).floor_().to(torch.int32)
    row = (sin * x + cos * y).add_(h / 2).floor_().to(torch.int32)
    # All bits set inside the image, none outside: there, one of the four numbers is negative, and its sign bit is spread.
    inside = (column | row | (w - 1 - column) | (h - 1 - row)).bitwise_right_shift_(31).bitwise_not_()
    column = torch.where(flips.view(n, 1, 1), w - 1 - column, column)
    return gather(images, row.mul_(w).add_(column), inside)
