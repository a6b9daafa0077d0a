"""Augmentation of whole batches on the training device: one gather, no picture handled one by one."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def flip_and_rotate(images: Tensor, flips: Tensor, degrees: Tensor) -> Tensor:
    """Mirror, then turn counter-clockwise about the centre: nearest neighbour, black where nothing was.

    The same pixels as Pillow's `ImageOps.mirror` followed by `Image.rotate` (its default, `NEAREST`): each output pixel's
    centre is mapped back and the pixel that it falls into is taken.

    Args:
        images: uint8 (N, C, H, W).
        flips: bool (N,), True where the picture is mirrored left to right.
        degrees: float (N,), the angle of each picture.

    Returns:
        uint8 (N, C, H, W), on the same device.
    """
    n, c, h, w = images.shape
    radians = degrees.to(torch.float32) * (math.pi / 180)
    cos, sin = radians.cos().view(n, 1, 1), radians.sin().view(n, 1, 1)
    y = (torch.arange(h, device=images.device, dtype=torch.float32) + (0.5 - h / 2)).view(1, h, 1)
    x = (torch.arange(w, device=images.device, dtype=torch.float32) + (0.5 - w / 2)).view(1, 1, w)
    column = (cos * x - sin * y + w / 2).floor_().to(torch.int64)
    row = (sin * x + cos * y + h / 2).floor_().to(torch.int64)
    outside = (column < 0) | (column >= w) | (row < 0) | (row >= h)
    column = torch.where(flips.view(n, 1, 1), w - 1 - column, column)
    source = (row * w + column).masked_fill_(outside, 0).view(n, 1, h * w).expand(n, c, h * w)
    turned = images.reshape(n, c, h * w).gather(2, source)
    return turned.masked_fill_(outside.view(n, 1, h * w), 0).view(n, c, h, w)


def augment(images: Tensor, generator: torch.Generator, *, flip: bool, rotation: float) -> Tensor:
    """Draw a flip (one in two) and an angle (uniform in plus or minus `rotation` degrees) for each picture and apply them.

    Args:
        images: uint8 (N, C, H, W) on the generator's device.
        generator: decides the draws.
        flip: whether to mirror at all.
        rotation: greatest angle in degrees, 0 for none.

    Returns:
        uint8 (N, C, H, W).
    """
    n = len(images)
    flips = torch.rand(n, generator=generator, device=images.device) < (0.5 if flip else 0.0)
    degrees = (torch.rand(n, generator=generator, device=images.device) * 2 - 1) * rotation
    if rotation == 0:
        return torch.where(flips.view(n, 1, 1, 1), images.flip(3), images) if flip else images
    return flip_and_rotate(images, flips, degrees)


def to_float(images: Tensor, memory_format: torch.memory_format = torch.contiguous_format) -> Tensor:
    """uint8 0 to 255 as float32 in [-1, 1]: the tutorial's `ToTensor` and `Normalize(0.5, 0.5)` in one step."""
    return images.to(torch.float32, memory_format=memory_format).mul_(1 / 127.5).sub_(1.0)
