"""Augmentation of whole batches on the training device: one gather of packed pixels, no image handled one by one.

An image's three bytes a pixel are kept in four, so that one index fetches a whole pixel and the result already lies
channels last. Every change of place (mirror, turn, shift) is a map from output pixels to source pixels; maps are composed
before any pixel is touched.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

GREY = 0x808080
"""A packed pixel of middle grey: near the mean of the images, so that a hole tells the network nothing."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is drawn for each image."""

    rotation: float = 0.0
    """Greatest angle either way in degrees, uniform; black where nothing was."""
    crop: int = 0
    """Greatest shift in pixels along each axis, uniform over whole pixels; the border is filled by reflection."""
    cutout: int = 0
    """Side of a grey square at a random place (DeVries and Taylor, 2017), 0 for none."""


def pack(images: Tensor) -> Tensor:
    """The same images, uint8 (N, 3, H, W), laid out with four bytes a pixel, as `augment` wants them."""
    n, c, h, w = images.shape
    if c != 3:
        raise ValueError(f"images have {c} channels, not 3")
    pixels = torch.zeros(n, h, w, 4, dtype=torch.uint8, device=images.device)
    pixels[..., :3] = images.permute(0, 2, 3, 1)
    return _unpacked(pixels)


def _unpacked(pixels: Tensor) -> Tensor:
    """uint8 (N, H, W, 4) seen as (N, 3, H, W)."""
    return pixels[..., :3].permute(0, 3, 1, 2)


def _pixels(images: Tensor) -> Tensor:
    """int32 (N, H * W), a number a pixel: a view of packed images, a copy of others."""
    n, _, h, w = images.shape
    if images.stride() != (4 * h * w, 1, 4 * w, 4):
        images = pack(images)
    whole = images.as_strided((n, h, w, 4), (4 * h * w, 4 * w, 4, 1))
    return whole.view(torch.int32).view(n, h * w)


def flip_and_rotate(images: Tensor, flips: Tensor, degrees: Tensor) -> Tensor:
    """Mirror, then turn counter-clockwise about the centre: nearest neighbour, black where nothing was.

    The same pixels as Pillow's `ImageOps.mirror` followed by `Image.rotate` (its default, `NEAREST`): each output pixel's
    centre is mapped back and the pixel that it falls into is taken.

    Args:
        images: uint8 (N, 3, H, W).
        flips: bool (N,), True where the image is mirrored left to right.
        degrees: float (N,), the angle of each image.

    Returns:
        uint8 (N, 3, H, W), channels last, on the same device.
    """
    n, _, h, w = images.shape
    radians = degrees.to(torch.float32) * (math.pi / 180)
    cos, sin = radians.cos().view(n, 1, 1), radians.sin().view(n, 1, 1)
    y = (torch.arange(h, device=images.device, dtype=torch.float32) + (0.5 - h / 2)).view(1, h, 1)
    x = (torch.arange(w, device=images.device, dtype=torch.float32) + (0.5 - w / 2)).view(1, 1, w)
    column = (cos * x - sin * y).add_(w / 2).floor_().to(torch.int32)
    row = (sin * x + cos * y).add_(h / 2).floor_().to(torch.int32)
    # All bits set within the image, none outside: there, one of these four numbers is negative, and its sign is spread.
    inside = (column | row | (w - 1 - column) | (h - 1 - row)).bitwise_right_shift_(31).bitwise_not_()
    column = torch.where(flips.view(n, 1, 1), w - 1 - column, column)
    return _gather(_pixels(images), row.mul_(w).add_(column), inside)


def flip_and_shift(images: Tensor, flips: Tensor, shifts: Tensor) -> Tensor:
    """Mirror, then shift; what moves in at the border is the image reflected.

    Args:
        images: uint8 (N, 3, H, W).
        flips: bool (N,), True where the image is mirrored left to right.
        shifts: int64 (N, 2), rows down and columns right, each smaller than the side.

    Returns:
        uint8 (N, 3, H, W), channels last, on the same device.
    """
    n, _, h, w = images.shape
    row = _reflected(torch.arange(h, device=images.device) - shifts[:, :1], h)
    column = _reflected(torch.arange(w, device=images.device) - shifts[:, 1:], w)
    column = torch.where(flips.view(n, 1), w - 1 - column, column)
    return _gather(_pixels(images), row.view(n, h, 1) * w + column.view(n, 1, w), None)


def _reflected(at: Tensor, size: int) -> Tensor:
    """Places mirrored at the first and the last pixel into 0 to `size` - 1."""
    at = at.abs()
    return torch.where(at >= size, 2 * (size - 1) - at, at)


def _gather(pixels: Tensor, source: Tensor, inside: Tensor | None) -> Tensor:
    """The pixels (N, H * W) that each output pixel (N, H, W) comes from; 0 where `inside` is 0 and not -1 (all bits set)."""
    n, h, w = source.shape
    if inside is None:
        taken = pixels.gather(1, source.view(n, h * w).to(torch.int64))
    else:
        mask = inside.view(n, h * w)
        taken = pixels.gather(1, (source.view(n, h * w) & mask).to(torch.int64)).bitwise_and_(mask)
    return _unpacked(taken.view(torch.uint8).view(n, h, w, 4))


def cut_out(images: Tensor, centres: Tensor, side: int) -> Tensor:
    """Grey squares over parts of the images, cut off at the border.

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
    pixels = _pixels(images).masked_fill(hole.view(n, h * w), GREY)
    return _unpacked(pixels.view(torch.uint8).view(n, h, w, 4))


def augment(images: Tensor, picked: Tensor, flips: Tensor, generator: torch.Generator, policy: Policy) -> Tensor:
    """Draw what `policy` says for some of the images, and apply it after the mirroring.

    Args:
        images: uint8 (N, 3, H, W) on the generator's device; quickest where `pack` laid them out.
        picked: int64 (M,), which images.
        flips: bool (N,): which of all images are mirrored (see `draw_flips`).
        generator: decides the draws.
        policy: what to draw.

    Returns:
        uint8 (M, 3, H, W).
    """
    n, device, (h, w) = len(picked), images.device, images.shape[2:]
    flips = flips[picked]
    images = _unpacked(_pixels(images).index_select(0, picked).view(torch.uint8).view(n, h, w, 4))
    if policy.rotation:
        degrees = (torch.rand(n, generator=generator, device=device) * 2 - 1) * policy.rotation
        images, flips = flip_and_rotate(images, flips, degrees), torch.zeros_like(flips)
    if policy.crop or not policy.rotation:
        shifts = torch.randint(-policy.crop, policy.crop + 1, (n, 2), generator=generator, device=device)
        images = flip_and_shift(images, flips, shifts)
    if policy.cutout:
        centres = torch.stack([torch.randint(0, s, (n,), generator=generator, device=device) for s in (h, w)], 1)
        images = cut_out(images, centres, policy.cutout)
    return images


def draw_flips(kind: str, generator: torch.Generator, count: int, epoch: int) -> Tensor:
    """Which of all `count` images are mirrored in an epoch: bool (count,) on the generator's device.

    Args:
        kind: "off"; "random", one in two, drawn anew each epoch; or "alternating" (Jordan, 2024: "94% on CIFAR-10 in
            3.29 seconds on a single GPU"), one in two in the first epoch and the other half in the next.
        generator: of this epoch for "random", of the whole run for "alternating".
        count: number of images.
        epoch: from 1.
    """
    if kind == "off":
        return torch.zeros(count, dtype=torch.bool, device=generator.device)
    drawn = torch.rand(count, generator=generator, device=generator.device) < 0.5
    return ~drawn if kind == "alternating" and epoch % 2 == 0 else drawn


def to_float(images: Tensor, memory_format: torch.memory_format = torch.contiguous_format, size: int = 0) -> Tensor:
    """uint8 0 to 255 as float32 in [-1, 1]: the tutorial's `ToTensor` and `Normalize(0.5, 0.5)` in one step.

    Args:
        images: uint8 (N, 3, H, W).
        memory_format: of the result.
        size: side to scale the images down to, by area and bilinear; 0 leaves them as they are.
    """
    scaled = images.to(torch.float32, memory_format=memory_format).mul_(1 / 127.5).sub_(1.0)
    if size and size != images.shape[-1]:
        scaled = torch.nn.functional.interpolate(scaled, size=(size, size), mode="bilinear", antialias=True)
        scaled = scaled.contiguous(memory_format=memory_format)
    return scaled
