"""Augmentation against Pillow, which the tutorial's transforms use."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from engine.augmentation.augment import Policy, augment, draw_flips, flip_and_rotate, flip_and_shift, pack, to_float


def pillow(image: torch.Tensor, flip: bool, degrees: float) -> np.ndarray:
    drawn = Image.fromarray(image.permute(1, 2, 0).numpy())
    return np.asarray((ImageOps.mirror(drawn) if flip else drawn).rotate(degrees))


def test_the_same_pixels_as_pillow() -> None:
    g = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (200, 3, 32, 32), dtype=torch.uint8, generator=g)
    flips, degrees = torch.rand(200, generator=g) < 0.5, (torch.rand(200, generator=g) * 2 - 1) * 10
    turned = flip_and_rotate(images, flips, degrees).permute(0, 2, 3, 1).numpy()
    wanted = np.stack([pillow(images[i], bool(flips[i]), float(degrees[i])) for i in range(200)])
    differ = (turned != wanted).any(-1)
    # Pillow calculates in 16-bit fixed point: a pixel whose centre falls on the border of two may go to either.
    assert differ.mean() < 0.0005


def test_no_turn_is_the_image_itself_and_a_flip_its_mirror() -> None:
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
    image = torch.stack(
        [line.view(32, 1).expand(32, 32), line.view(1, 32).expand(32, 32), torch.full((32, 32), 9, dtype=torch.uint8)]
    )
    images = image.expand(n, 3, 32, 32)
    g = torch.Generator().manual_seed(1)
    out = augment(images, torch.arange(n), draw_flips("random", g, n, 1), g, Policy(rotation=10.0))
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
    flips, policy = torch.zeros(50, dtype=torch.bool), Policy(rotation=10.0, crop=3, cutout=8)
    one, same, other = (
        augment(images, torch.arange(50), flips, torch.Generator().manual_seed(s), policy) for s in (5, 5, 6)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_nothing_asked_for_changes_nothing() -> None:
    images = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8)
    picked = torch.tensor([3, 0])
    for laid_out in (images, pack(images)):
        out = augment(laid_out, picked, torch.zeros(5, dtype=torch.bool), torch.Generator(), Policy())
        assert torch.equal(out, images[picked])


def test_packing_changes_the_layout_alone() -> None:
    images = torch.randint(0, 256, (5, 3, 8, 8), dtype=torch.uint8)
    assert torch.equal(pack(images), images)
    with pytest.raises(ValueError, match="1 channels"):
        pack(images[:, :1])


def test_a_shift_moves_every_pixel_and_reflects_at_the_border() -> None:
    images = torch.randint(0, 256, (40, 3, 32, 32), dtype=torch.uint8)
    g = torch.Generator().manual_seed(0)
    shifts, flips = torch.randint(-4, 5, (40, 2), generator=g), torch.rand(40, generator=g) < 0.5
    moved = flip_and_shift(images, flips, shifts).numpy()
    for i, (down, right) in enumerate(shifts.tolist()):
        image = images[i].flip(2) if flips[i] else images[i]
        padded = np.pad(image.numpy(), ((0, 0), (4, 4), (4, 4)), mode="reflect")
        assert np.array_equal(moved[i], padded[:, 4 - down : 36 - down, 4 - right : 36 - right])


def test_shifts_are_uniform_over_whole_pixels() -> None:
    line = torch.arange(32, dtype=torch.uint8)
    image = torch.stack([line.view(32, 1).expand(32, 32), line.expand(32, 32), torch.zeros(32, 32)]).to(torch.uint8)
    n = 9000
    flips = torch.zeros(n, dtype=torch.bool)
    out = augment(image.expand(n, 3, 32, 32), torch.arange(n), flips, torch.Generator().manual_seed(2), Policy(crop=2))
    for channel in (0, 1):
        drawn = torch.bincount(out[:, channel, 16, 16].long(), minlength=32) / n
        assert drawn[14:19].tolist() == pytest.approx([0.2] * 5, abs=0.03)


def test_a_cutout_is_a_grey_square_with_its_centre_anywhere() -> None:
    black = torch.zeros(3000, 3, 32, 32, dtype=torch.uint8)
    flips = torch.zeros(3000, dtype=torch.bool)
    out = augment(black, torch.arange(3000), flips, torch.Generator().manual_seed(3), Policy(cutout=8))
    assert set(out.unique().tolist()) == {0, 128}
    sizes = (out[:, 0] == 128).sum((1, 2))
    assert sizes.max() == 64 and sizes.min() == 16  # a quarter is left of one at a corner
    covered = (out[:, 0] == 128).float().mean(0)
    assert covered[16, 16] == pytest.approx((8 / 32) ** 2, abs=0.02)


def test_alternating_flips_take_turns_and_random_ones_do_not() -> None:
    first, second, third = (
        draw_flips("alternating", torch.Generator().manual_seed(4), 1000, epoch) for epoch in (1, 2, 3)
    )
    assert torch.equal(second, ~first) and torch.equal(third, first)
    assert first.float().mean() == pytest.approx(0.5, abs=0.06)
    assert torch.equal(draw_flips("random", torch.Generator().manual_seed(4), 1000, 2), first)
    assert not draw_flips("off", torch.Generator(), 1000, 2).any()


def test_smaller_images_keep_their_mean() -> None:
    images = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8)
    for size in (16, 24):
        small = to_float(images, torch.channels_last, size)
        assert small.shape == (6, 3, size, size) and small.is_contiguous(memory_format=torch.channels_last)
        assert (small.mean((2, 3)) - to_float(images).mean((2, 3))).abs().max() < 0.02
    assert torch.equal(to_float(images, size=32), to_float(images))


def test_scaling_is_the_tutorials() -> None:
    values = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 1, 1, 3)
    assert torch.allclose(to_float(values).flatten(), torch.tensor([-1.0, -0.6, 1.0]))
