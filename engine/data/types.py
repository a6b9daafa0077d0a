"""What every dataset consists of: images as uint8 tensors, labels, and the names of the classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class Report:
    """Receives a loader's progress and lets it be stopped. The default ignores progress and never stops."""

    def step(
        self, step: str, detail: str = "", done: int | None = None, total: int | None = None, unit: str = ""
    ) -> None:
        """Report the current step of loading; `done` of `total` in `unit` ("bytes", "images")."""

    def poll(self) -> None:
        """To be called several times a second. Raises `engine.errors.Cancelled` once a stop has been requested."""


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
    """Hex digest that differs if images or labels differ."""
    skipped: tuple[str, ...] = ()
    """Files that could not be read, relative to the folder, each followed by ": " and the reason."""
