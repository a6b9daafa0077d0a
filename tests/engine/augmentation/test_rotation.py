"""Rotation, against Pillow, which the tutorial's transforms use."""

import numpy as np
import torch
from PIL import Image, ImageOps

from engine.augmentation.rotation import flip_and_rotate


def pillow(image: torch.Tensor, flip: bool, degrees: float) -> np.ndarray:
    drawn = Image.fromarray(image.permute(1, 2, 0).numpy())
    return np.asarray((ImageOps.mirror(drawn) if flip else drawn).rotate(degrees))


def test_rotated_pixels_are_pillows() -> None:
    g = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (200, 3, 32, 32), dtype=torch.uint8, generator=g)
    flips, degrees = torch.rand(200, generator=g) < 0.5, (torch.rand(200, generator=g) * 2 - 1) * 10
    turned = flip_and_rotate(images, flips, degrees).permute(0, 2, 3, 1).numpy()
    wanted = np.stack([pillow(images[i], bool(flips[i]), float(degrees[i])) for i in range(200)])
    differ = (turned != wanted).any(-1)
    # Pillow calculates in 16-bit fixed point: a pixel whose centre falls on the border of two may go to either.
    assert differ.mean() < 0.0005


def test_zero_degrees_leave_the_image_as_it_is_and_a_flip_mirrors_it() -> None:
    images = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    still = torch.zeros(4)
    assert torch.equal(flip_and_rotate(images, torch.zeros(4, dtype=torch.bool), still), images)
    assert torch.equal(flip_and_rotate(images, torch.ones(4, dtype=torch.bool), still), images.flip(3))


def test_rotation_by_90_degrees_is_exact() -> None:
    images = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8)
    turned = flip_and_rotate(images, torch.zeros(1, dtype=torch.bool), torch.tensor([90.0]))
    assert torch.equal(turned, images.rot90(1, (2, 3)))


def test_rotation_leaves_black_corners() -> None:
    white = torch.full((1, 3, 32, 32), 255, dtype=torch.uint8)
    turned = flip_and_rotate(white, torch.zeros(1, dtype=torch.bool), torch.tensor([10.0]))
    assert turned[0, :, 0, 0].tolist() == turned[0, :, -1, -1].tolist() == [0, 0, 0]
    assert turned[0, :, 16, 16].tolist() == [255, 255, 255]
