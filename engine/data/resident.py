"""The images of a run, resident on the training device."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from engine.data.types import LabeledImages


@dataclass(frozen=True, slots=True)
class ResidentData:
    """Training, validation and test images on the device that trains."""

    train: LabeledImages
    valid: LabeledImages
    test: LabeledImages
    class_names: tuple[str, ...]
    shown: Tensor
    """int64 (N,): indices of the test images that are shown during training."""
    fingerprint: str
    """Of the dataset, see `Dataset.fingerprint`."""
