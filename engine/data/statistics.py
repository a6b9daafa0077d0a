"""Statistics of a dataset: images per class, mean and standard deviation, duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.events.types import SplitDescribed
from engine.runtime.atomic_io import expand_path

if TYPE_CHECKING:
    from engine.data.types import Dataset

NAMED = 100
"""Duplicates that are listed by name."""
_CHUNK = 2_000


def describe_split(
    name: str, images: np.ndarray, labels: np.ndarray, classes: int, chosen: np.ndarray | None = None
) -> SplitDescribed:
    """Count the images of each class, and compute mean and standard deviation of each channel.

    Args:
        images: uint8 (N, 3, H, W).
        labels: int64 (N,).
        classes: number of classes.
        chosen: int64 (M,), the images in the split; None for all.
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
    """Pairs of identical images: (index of the first, index of a later one), counted through all arrays in turn.

    Each image is hashed: its 64-bit words, multiplied by random odd numbers, are summed. Only images with equal hashes are
    compared.

    Args:
        images: arrays uint8 (N, 3, H, W), each image a multiple of 8 bytes.
    """
    flat = [np.ascontiguousarray(a).reshape(len(a), int(np.prod(a.shape[1:]))).view(np.uint64) for a in images]
    words = np.random.default_rng(0).integers(0, 2**63, flat[0].shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    hashes = np.concatenate(
        [np.zeros(0, np.uint64), *((a[i : i + _CHUNK] * words).sum(1) for a in flat for i in range(0, len(a), _CHUNK))]
    )
    bounds = np.cumsum([0, *map(len, flat)])

    def image(index: int) -> np.ndarray:
        part = int(np.searchsorted(bounds, index, side="right")) - 1
        row: np.ndarray = flat[part][index - bounds[part]]
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


def image_names(spec: str, dataset: Dataset) -> dict[str, list[str]]:
    """A name for each image of "train" and "test": its file if the dataset is a folder, else its index.

    Args:
        spec: the setting `dataset`.
    """
    names = {
        part: [f"{part} {i:,} ({dataset.class_names[label]})" for i, label in enumerate(images.labels.tolist())]
        for part, images in (("train", dataset.train), ("test", dataset.test))
    }
    folder = expand_path(spec)
    if (folder / "train").is_dir() and (folder / "test").is_dir():
        from engine.data.folder import file_names
        from engine.data.types import Report

        skipped = {line.partition(": ")[0] for line in dataset.skipped}
        for part, files in file_names(folder, Report()).items():
            left = [f for f in files if f not in skipped]
            if len(left) == len(names[part]):  # otherwise the folder has changed since
                names[part] = left
    return names
