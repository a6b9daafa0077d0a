"""Random crops."""

import numpy as np
import pytest
import torch

from engine.augmentation.crop import flip_and_shift
from tests.support.augmentation import augmenter


def test_a_shift_reflects_at_the_border() -> None:
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
    out = augmenter(crop=2).apply(image.expand(n, 3, 32, 32), torch.arange(n), flips, torch.Generator().manual_seed(2))
    for channel in (0, 1):
        drawn = torch.bincount(out[:, channel, 16, 16].long(), minlength=32) / n
        assert drawn[14:19].tolist() == pytest.approx([0.2] * 5, abs=0.03)
