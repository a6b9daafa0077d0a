"""Cutout."""

import pytest
import torch

from tests.support.augmentation import augmenter


def test_cutout_is_a_grey_square_centred_anywhere() -> None:
    black = torch.zeros(3000, 3, 32, 32, dtype=torch.uint8)
    flips = torch.zeros(3000, dtype=torch.bool)
    out = augmenter(cutout=8).apply(black, torch.arange(3000), flips, torch.Generator().manual_seed(3))
    assert set(out.unique().tolist()) == {0, 128}
    sizes = (out[:, 0] == 128).sum((1, 2))
    assert sizes.max() == 64 and sizes.min() == 16  # a quarter is left of one at a corner
    covered = (out[:, 0] == 128).float().mean(0)
    assert covered[16, 16] == pytest.approx((8 / 32) ** 2, abs=0.02)
