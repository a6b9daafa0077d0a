"""Images packed four bytes to a pixel, so that one index moves a whole pixel and the result is already channels last."""

from __future__ import annotations

import torch
from torch import Tensor


def pack(images: Tensor) -> Tensor:
    """The same images, uint8 (N, 3, H, W), stored with four bytes per pixel: the layout that augmentation is fast on."""
    n, c, h, w = images.shape
    if c != 3:
        raise ValueError(f"images have {c} channels, not 3")
    packed = torch.zeros(n, h, w, 4, dtype=torch.uint8, device=images.device)
    packed[..., :3] = images.permute(0, 2, 3, 1)
    return _as_images(packed)


def pixels_of(images: Tensor) -> Tensor:
    """int32 (N, H * W), one number per pixel: a view of packed images, a copy of others."""
    n, _, h, w = images.shape
    if images.stride() != (4 * h * w, 1, 4 * w, 4):
        images = pack(images)
    whole = images.as_strided((n, h, w, 4), (4 * h * w, 4 * w, 4, 1))
    return whole.view(torch.int32).view(n, h * w)


def images_of(pixels: Tensor, height: int, width: int) -> Tensor:
    """Packed images, uint8 (N, 3, H, W), of their pixels, int32 (N, H * W): a view."""
    return _as_images(pixels.view(torch.uint8).view(len(pixels), height, width, 4))


def _as_images(packed: Tensor) -> Tensor:
    """uint8 (N, H, W, 4) viewed as (N, 3, H, W)."""
    return packed[..., :3].permute(0, 3, 1, 2)


def gather(images: Tensor, source: Tensor, inside: Tensor | None = None) -> Tensor:
    """New packed images whose pixels come from anywhere in the old ones.

    Args:
        images: uint8 (N, 3, H, W); fastest if packed.
        source: int (N, H, W), the index of the old pixel that each new one is a copy of: row * W + column.
        inside: int32 (N, H, W), -1 (all bits set) where `source` is valid and 0 where the new pixel is black.
    """
    n, h, w = source.shape
    pixels, index = pixels_of(images), source.view(n, h * w)
    if inside is None:
        return images_of(pixels.gather(1, index.to(torch.int64)), h, w)
    mask = inside.view(n, h * w)
    return images_of(pixels.gather(1, (index & mask).to(torch.int64)).bitwise_and_(mask), h, w)
