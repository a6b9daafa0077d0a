"""What every data source gives: images as uint8 tensors, labels, and the names of the classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch


class Report:
    """Where a loader tells how far it is and asks whether to go on. The default says nothing and never stops."""

    def step(
        self, step: str, detail: str = "", done: int | None = None, total: int | None = None, unit: str = ""
    ) -> None:
        """Say what is being done; `done` of `total` in `unit` ("bytes", "images")."""

    def poll(self) -> None:
        """Call often. Raises `engine.errors.Cancelled` once a stop was asked for."""


@dataclass(frozen=True, slots=True)
class LabeledImages:
    """Images with labels."""

    images: torch.Tensor
    """uint8 (N, 3, 32, 32), RGB, 0 to 255."""
    labels: torch.Tensor
    """int64 (N,), indices into the dataset's class names."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A training set and a test set over the same classes."""

    name: str
    class_names: tuple[str, ...]
    train: LabeledImages
    test: LabeledImages
    fingerprint: str
    """Hex digest that differs when images or labels differ."""
    skipped: tuple[str, ...] = ()
    """Files that could not be read, relative to the folder, each followed by ": why"."""


Loader = Callable[[Report], Dataset]
