"""Augmentation of training images: whole batches on the training device, all chosen augmentations in turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor

from engine.augmentation.batch import Augmentation, Batch
from engine.augmentation.flip import Flip
from engine.augmentation.packed import images_of, pixels_of
from engine.augmentation.registry import AUGMENTATIONS
from engine.options import Options
from engine.registry import Chosen
from engine.runtime import rng


class Augmenter:
    """Applies augmentations to training images. What it draws is a function of seed and position alone.

    Args:
        chosen: entries of `AUGMENTATIONS` with their options, as in `Config.augmentation`, in the order in which they apply.
        seed: of the run.
    """

    def __init__(self, chosen: Iterable[Chosen[Options]], seed: int) -> None:
        self.seed = seed
        self._augmentations = [cast(Augmentation, c.make(AUGMENTATIONS)) for c in chosen]
        self._flip = next((a for a in self._augmentations if isinstance(a, Flip)), Flip("off"))

    def flips(self, epoch: int, count: int) -> Tensor:
        """Which of all `count` training images are mirrored in an epoch (from 1): bool (count,) on the CPU."""
        return self._flip.of_epoch(self.seed, epoch, count)

    def apply(self, images: Tensor, picked: Tensor, flips: Tensor, generator: torch.Generator) -> Tensor:
        """Augmented copies of some of the images.

        Args:
            images: uint8 (N, 3, H, W) on the generator's device; fastest if packed (see `pack`).
            picked: int64 (M,), which images.
            flips: bool (N,), which of all images are mirrored (see `flips`).
            generator: source of every draw.

        Returns:
            uint8 (M, 3, H, W), packed.
        """
        h, w = images.shape[2:]
        batch = Batch(images_of(pixels_of(images).index_select(0, picked), h, w), flips[picked], generator)
        for augmentation in self._augmentations:
            augmentation.apply(batch)
        return batch.images

    def example(self, images: Tensor, draw: int) -> Tensor:
        """The `draw`-th way in which augmentation may present each image; the same for the same seed.

        Args:
            images: uint8 (N, 3, H, W).

        Returns:
            uint8 (N, 3, H, W), packed.
        """
        generator = rng.generator(self.seed, "shown draws", draw, device=images.device)
        flips = self._flip.drawn(generator, draw, len(images))
        return self.apply(images, torch.arange(len(images), device=images.device), flips, generator)
