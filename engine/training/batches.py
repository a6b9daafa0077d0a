"""The batches of an epoch: their order, flips and augmentation, all functions of (seed, epoch, step)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.augmentation.augmenter import Augmenter
from engine.config.schema import Config
from engine.data.types import LabeledImages
from engine.runtime import rng
from engine.training.plan import Plan

CHUNK, CHUNK_CUDA = 500, 4_000
"""Images augmented at once, in whole batches: enough to be fast, few enough for a processor's cache and a small GPU's memory.
Changing it changes which random numbers an image gets."""


def training_batches(
    data: LabeledImages, config: Config, plan: Plan, epoch: int, first_step: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of an epoch from `first_step` on, the same ones whether or not those before them were taken.

    Args:
        data: the training images, on the training device.
        config: augmentation and seed.
        plan: batch size, and whether this epoch is augmented.
        epoch: from 1.
        first_step: from 0.

    Yields:
        uint8 (N, 3, H, W) images and int64 (N,) labels on the same device. N is the batch size, except in the last batch.
    """
    device, size, seed = data.images.device, plan.batch_size, config.run.seed
    order = torch.randperm(len(data), generator=rng.generator(seed, "order", epoch)).to(device)
    augmenter = Augmenter(config.augmentation if plan.curriculum.augmented(epoch) else (), seed)
    flips = augmenter.flips(epoch, len(data)).to(device)

    chunk_steps = max(1, (CHUNK_CUDA if device.type == "cuda" else CHUNK) // size)
    for chunk_start in range(first_step // chunk_steps * chunk_steps, plan.steps, chunk_steps):
        chosen = order[chunk_start * size : (chunk_start + chunk_steps) * size]
        generator = rng.generator(seed, "augment", epoch, chunk_start, device=device)
        images, labels = augmenter.apply(data.images, chosen, flips, generator), data.labels[chosen]
        for step in range(max(chunk_start, first_step), min(chunk_start + chunk_steps, plan.steps)):
            batch = slice((step - chunk_start) * size, (step - chunk_start + 1) * size)
            yield images[batch], labels[batch]
