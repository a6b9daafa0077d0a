"""The images on their way through augmentation, and what each augmentation does with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(slots=True)
class Batch:
    """Images to be augmented in place, by one augmentation after another."""

    images: Tensor
    """uint8 (N, 3, H, W), packed."""
    flips: Tensor | None
    """bool (N,), which images are yet to be mirrored; None once they have been. Mirroring is left to the next augmentation that
    moves pixels anyway, so that each pixel is moved once."""
    generator: torch.Generator
    """Source of every draw, on the device of the images."""

    def uniform(self, limit: float) -> Tensor:
        """float32 (N,): a draw from -`limit` to `limit` for each image."""
        n, device = len(self.images), self.images.device
        return (torch.rand(n, generator=self.generator, device=device) * 2 - 1) * limit

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """int64 (N, *shape): draws from `low` to `high`, both included, for each image."""
        n, device = len(self.images), self.images.device
        return torch.randint(low, high + 1, (n, *shape), generator=self.generator, device=device)


class Augmentation(Protocol):
    """A random change of images. Constructed with its entry's options as keyword arguments."""

    def apply(self, batch: Batch) -> None:
        """Change the batch's images. With options that turn it off, do nothing, and draw nothing."""
