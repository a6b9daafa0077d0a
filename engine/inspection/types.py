"""What the network makes of one image: the answer to the command `InspectImage`, in plain values and NumPy arrays.

Whoever shows it needs no PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.events.types import Event


@dataclass(frozen=True, slots=True)
class FeatureMaps:
    """What one layer made of the image."""

    layer: str
    """The layer's name in the network, as in "conv1"."""
    values: np.ndarray
    """float32 (channels, height, width)."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """An image as one state of the network sees it."""

    image: np.ndarray
    """uint8 (32, 32, 3): the image as it was cut and scaled."""
    class_names: tuple[str, ...]
    probabilities: np.ndarray
    """float32 (classes,), adding up to 1."""
    epoch: int
    step: int
    """Of the weights: `step` batches into `epoch`, or the end of it where `step` is 0."""
    network_input: np.ndarray
    """float32 (32, 32, 3): the image in the numbers that the network is given, before any scaling of its size."""
    draws: np.ndarray
    """uint8 (n, 32, 32, 3): the image as augmentation may present it."""
    cams: np.ndarray
    """float32 (n, 32, 32) in [0, 1]: where the network looked for each of `cam_classes` (Grad-CAM)."""
    cam_classes: tuple[int, ...]
    """The likeliest classes, the first guess first."""
    maps: tuple[FeatureMaps, ...]
    """Layer by layer, in the order of the network."""
    filters: np.ndarray
    """float32 (n, h, w, 3): the first layer's filters; empty where it does not look at three channels."""


@dataclass(frozen=True, kw_only=True)
class ImageInspected(Event):
    """The image of the command with this `id` was inspected."""

    live: ClassVar[bool] = True
    id: str
    inspection: Inspection
