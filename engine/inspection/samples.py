"""What augmentation does to training images: samples of them before and after it, kept with the run for the Data screen."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import DataError
from engine.runtime.atomic_io import write_atomic

if TYPE_CHECKING:
    import torch

    from engine.augmentation.augmenter import Augmenter
    from engine.data.types import Dataset

FILE = "samples.npz"
SAMPLES, DRAWS, BATCH = 24, 7, 128
"""Images shown with their augmentation, augmented versions of each, and images of the first batch."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Training images before and after augmentation."""

    before: np.ndarray
    """uint8 (n, 32, 32, 3)."""
    draws: np.ndarray
    """uint8 (n, draws, 32, 32, 3): the same images as augmentation may present them."""
    labels: np.ndarray
    """int64 (n,)."""
    batch: np.ndarray
    """uint8 (m, 32, 32, 3): images in the order of the first epoch, as the network gets them."""
    batch_labels: np.ndarray
    """int64 (m,)."""


def draw_samples(dataset: Dataset, train: torch.Tensor, augmenter: Augmenter) -> Samples:
    """Some training images, each with several draws of augmentation, and the beginning of the first epoch.

    Args:
        train: int64 indices of the training split.
    """
    import torch

    from engine.runtime import rng as seeds

    order = torch.randperm(len(train), generator=seeds.generator(augmenter.seed, "order", 1))
    first = train[order[:BATCH]]
    chosen = dataset.train.images[first[:SAMPLES]]

    def pixels(images: torch.Tensor) -> np.ndarray:
        array: np.ndarray = images.permute(0, 2, 3, 1).contiguous().numpy()
        return array

    draws = np.stack([pixels(augmenter.example(chosen, i)) for i in range(DRAWS)], axis=1)
    labels = dataset.train.labels[first].numpy()
    batch = pixels(augmenter.example(dataset.train.images[first], DRAWS))
    return Samples(pixels(chosen), draws, labels[:SAMPLES], batch, labels)


def write_samples(path: Path, samples: Samples) -> None:
    """Write the file whole or not at all.

    Raises:
        OSError: the disk refused it.
    """
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {name: getattr(samples, name) for name in Samples.__slots__}
    np.savez_compressed(buffer, **arrays)
    write_atomic(path, buffer.getvalue())


def read_samples(path: Path) -> Samples:
    """Read what `write_samples` wrote.

    Raises:
        DataError: the file is missing, damaged, or of another kind.
    """
    try:
        with np.load(path, allow_pickle=False) as raw:
            samples = Samples(**{name: raw[name] for name in Samples.__slots__})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
        raise DataError(f"{path}: no samples that can be read ({type(e).__name__}).") from None
    if samples.before.ndim != 4 or samples.draws.ndim != 5 or len(samples.draws) != len(samples.before):
        raise DataError(f"{path}: its samples do not fit together.")
    return samples
