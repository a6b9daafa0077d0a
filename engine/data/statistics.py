"""What is known of the data before training: counts, mean and spread, duplicates, and samples with their augmentation."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import DataError
from engine.events.types import SplitDescribed
from engine.storage.atomic_io import write_atomic

if TYPE_CHECKING:
    import torch

    from engine.augmentation.augmenter import Augmenter
    from engine.data.types import Dataset

FILE = "samples.npz"
SAMPLES, DRAWS, BATCH = 24, 7, 128
"""Images shown with their augmentation, versions of each, and images of the first batch."""
NAMED = 100
"""Duplicates that are named one by one."""
_CHUNK = 2_000


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


def describe_split(
    name: str, images: np.ndarray, labels: np.ndarray, classes: int, chosen: np.ndarray | None = None
) -> SplitDescribed:
    """Counts by class, mean and standard deviation of each colour.

    Args:
        images: uint8 (N, 3, H, W).
        labels: int64 (N,).
        classes: number of classes.
        chosen: int64 (M,), which images make up the split; None for all.
    """
    if chosen is None:
        chosen = np.arange(len(images))
    total, squares, count = np.zeros(3), np.zeros(3), max(1, len(chosen) * images.shape[2] * images.shape[3])
    for start in range(0, len(chosen), _CHUNK):
        part = images[chosen[start : start + _CHUNK]].astype(np.float32)
        total += part.sum(axis=(0, 2, 3), dtype=np.float64)
        squares += np.square(part, out=part).sum(axis=(0, 2, 3), dtype=np.float64)
    mean = total / count
    spread = np.sqrt(np.maximum(0, squares / count - mean**2))
    return SplitDescribed(
        name=name,
        per_class=tuple(np.bincount(labels[chosen], minlength=classes).tolist()),
        mean=tuple(round(float(v), 2) for v in mean),
        spread=tuple(round(float(v), 2) for v in spread),
    )


def find_duplicates(images: Sequence[np.ndarray]) -> list[tuple[int, int]]:
    """Images that are the same byte for byte: (number of the first, number of a later one), counted over all arrays in turn.

    Each image's 64-bit words are multiplied by random odd numbers and added up; only images that agree in that sum
    are compared.

    Args:
        images: arrays uint8 (N, 3, H, W), each image a multiple of 8 bytes.
    """
    flat = [np.ascontiguousarray(a).reshape(len(a), int(np.prod(a.shape[1:]))).view(np.uint64) for a in images]
    words = np.random.default_rng(0).integers(0, 2**63, flat[0].shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    hashes = np.concatenate(
        [np.zeros(0, np.uint64), *((a[i : i + _CHUNK] * words).sum(1) for a in flat for i in range(0, len(a), _CHUNK))]
    )
    bounds = np.cumsum([0, *map(len, flat)])

    def image(number: int) -> np.ndarray:
        part = int(np.searchsorted(bounds, number, side="right")) - 1
        row: np.ndarray = flat[part][number - bounds[part]]
        return row

    order = np.argsort(hashes, kind="stable")
    same = np.flatnonzero(hashes[order][1:] == hashes[order][:-1])
    pairs = []
    first = -1
    for i in same.tolist():
        if i == 0 or hashes[order[i]] != hashes[order[i - 1]]:
            first = int(order[i])
        later = int(order[i + 1])
        if np.array_equal(image(first), image(later)):
            pairs.append((first, later))
    return sorted(pairs)


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


def image_names(spec: str, dataset: Dataset) -> dict[str, list[str]]:
    """A name for each image of "train" and "test": its file where the data is a folder, else its number.

    Args:
        spec: the setting `dataset`.
    """
    names = {
        part: [f"{part} {i:,} ({dataset.class_names[label]})" for i, label in enumerate(images.labels.tolist())]
        for part, images in (("train", dataset.train), ("test", dataset.test))
    }
    folder = Path(spec).expanduser()
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        from engine.data.folder import file_names
        from engine.data.types import Report

        skipped = {line.partition(": ")[0] for line in dataset.skipped}
        for part, files in file_names(folder, Report()).items():
            left = [f for f in files if f not in skipped]
            if len(left) == len(names[part]):  # else the folder has changed since
                names[part] = left
    return names
