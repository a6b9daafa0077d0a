"""Horizontal flips: which images are mirrored in an epoch."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.augmentation.batch import Batch
from engine.runtime import rng


class Flip:
    """Mirrors half of the images left to right.

    Args:
        flip: "off"; "random", each image with probability 1/2 in each epoch; or "alternating" (Jordan, "94% on CIFAR-10 in
            3.29 Seconds on a Single GPU", 2024), half of the images in odd epochs and the other half in even ones.
    """

    def __init__(self, flip: str) -> None:
        self.kind = flip

    def apply(self, batch: Batch) -> None:
        """Nothing: `Batch.flips` is drawn for a whole epoch at once, by `of_epoch`, because "alternating" needs that."""

    def of_epoch(self, seed: int, epoch: int, count: int) -> Tensor:
        """Which of `count` images are mirrored in an epoch (from 1): bool (count,) on the CPU."""
        return self.drawn(rng.generator(seed, "flip", 0 if self.kind == "alternating" else epoch), epoch, count)

    def drawn(self, generator: torch.Generator, epoch: int, count: int) -> Tensor:
        """As `of_epoch`, with a generator of the caller's: the same one for every epoch of "alternating"."""
        if self.kind == "off":
            return torch.zeros(count, dtype=torch.bool, device=generator.device)
        drawn = torch.rand(count, generator=generator, device=generator.device) < 0.5
        return ~drawn if self.kind == "alternating" and epoch % 2 == 0 else drawn
