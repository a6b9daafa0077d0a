"""Horizontal flips by epoch."""

import pytest
import torch

from engine.augmentation.flip import Flip
from engine.runtime import rng


def test_alternating_flips_mirror_the_other_half_in_even_epochs() -> None:
    first, second, third = (
        Flip("alternating").drawn(torch.Generator().manual_seed(4), epoch, 1000) for epoch in (1, 2, 3)
    )
    assert torch.equal(second, ~first) and torch.equal(third, first)
    assert first.float().mean() == pytest.approx(0.5, abs=0.06)
    assert torch.equal(Flip("random").drawn(torch.Generator().manual_seed(4), 2, 1000), first)
    assert not Flip("off").drawn(torch.Generator(), 2, 1000).any()


def test_flips_depend_on_seed_and_epoch_alone() -> None:
    for kind, position in (("random", 3), ("alternating", 0)):
        flip = Flip(kind)
        drawn = flip.drawn(rng.generator(5, "flip", position), 3, 100)
        assert torch.equal(flip.of_epoch(5, 3, 100), drawn)
        assert not torch.equal(flip.of_epoch(6, 3, 100), drawn)
