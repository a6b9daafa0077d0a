"""Augmentation against Pillow, which the tutorial's transforms use."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from engine.augment import augment, flip_and_rotate, to_float


def pillow(image: torch.Tensor, flip: bool, degrees: float) -> np.ndarray:
    picture = Image.fromarray(image.permute(1, 2, 0).numpy())
    return np.asarray((ImageOps.mirror(picture) if flip else picture).rotate(degrees))


def test_the_same_pixels_as_pillow() -> None:
    g = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (200, 3, 32, 32), dtype=torch.uint8, generator=g)
    flips, degrees = torch.rand(200, generator=g) < 0.5, (torch.rand(200, generator=g) * 2 - 1) * 10
    turned = flip_and_rotate(images, flips, degrees).permute(0, 2, 3, 1).numpy()
    wanted = np.stack([pillow(images[i], bool(flips[i]), float(degrees[i])) for i in range(200)])
    differ = (turned != wanted).any(-1)
    # Pillow calculates in 16-bit fixed point: a pixel whose centre falls on the border of two may go to either.
    assert differ.mean() < 0.0005


def test_no_turn_is_the_picture_itself_and_a_flip_its_mirror() -> None:
    images = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    still = torch.zeros(4)
    assert torch.equal(flip_and_rotate(images, torch.zeros(4, dtype=torch.bool), still), images)
    assert torch.equal(flip_and_rotate(images, torch.ones(4, dtype=torch.bool), still), images.flip(3))


def test_a_quarter_turn_is_exact() -> None:
    images = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8)
    turned = flip_and_rotate(images, torch.zeros(1, dtype=torch.bool), torch.tensor([90.0]))
    assert torch.equal(turned, images.rot90(1, (2, 3)))


def test_corners_are_black() -> None:
    white = torch.full((1, 3, 32, 32), 255, dtype=torch.uint8)
    turned = flip_and_rotate(white, torch.zeros(1, dtype=torch.bool), torch.tensor([10.0]))
    assert turned[0, :, 0, 0].tolist() == turned[0, :, -1, -1].tolist() == [0, 0, 0]
    assert turned[0, :, 16, 16].tolist() == [255, 255, 255]


def test_half_are_mirrored_and_angles_are_uniform() -> None:
    # Each pixel tells the row and the column that it came from, so an output pixel far from the centre tells the angle.
    n, line = 8000, torch.arange(32, dtype=torch.uint8)
    picture = torch.stack(
        [line.view(32, 1).expand(32, 32), line.view(1, 32).expand(32, 32), torch.full((32, 32), 9, dtype=torch.uint8)]
    )
    images = picture.expand(n, 3, 32, 32)
    out = augment(images, torch.Generator().manual_seed(1), flip=True, rotation=10.0)
    mirrored = out[:, 1, 16, 24] < 16
    assert mirrored.float().mean() == pytest.approx(0.5, abs=0.03)
    even = flip_and_rotate(images, mirrored, torch.linspace(-10, 10, n))
    for row, column in ((16, 31), (16, 0), (0, 16), (31, 16)):
        for channel in (0, 1):
            drawn, wanted = (torch.bincount(x[:, channel, row, column].long(), minlength=32) / n for x in (out, even))
            assert (drawn - wanted).abs().max() < 0.03
    assert len(out[:, 0, 16, 31].unique()) > 3


def test_the_generator_alone_decides() -> None:
    images = torch.randint(0, 256, (50, 3, 32, 32), dtype=torch.uint8)
    one, same, other = (augment(images, torch.Generator().manual_seed(s), flip=True, rotation=10.0) for s in (5, 5, 6))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_nothing_asked_for_changes_nothing() -> None:
    images = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8)
    assert torch.equal(augment(images, torch.Generator(), flip=False, rotation=0.0), images)


def test_scaling_is_the_tutorials() -> None:
    values = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 1, 1, 3)
    assert torch.allclose(to_float(values).flatten(), torch.tensor([-1.0, -0.6, 1.0]))
