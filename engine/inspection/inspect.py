"""Inspecting an image: what the network makes of it at this moment of the run."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.augmentation.augmenter import Augmenter
from engine.config.schema import Config
from engine.data.image_file import read_image
from engine.data.preprocess import to_float
from engine.errors import DataError, EngineError
from engine.events.commands import InspectImage
from engine.events.types import InspectionFailed
from engine.inspection.types import FeatureMaps, ImageInspected, Inspection
from engine.models.gradcam import feature_maps, grad_cam
from engine.models.probing import zeros_like_weights
from engine.models.summary import first_filters

DRAWS = 14
"""Augmented versions that an inspection shows of its image."""


def answer(
    command: InspectImage,
    model: nn.Module,
    config: Config,
    class_names: tuple[str, ...],
    epoch: int,
    step: int,
    size: int = 0,
) -> ImageInspected | InspectionFailed:
    """Inspect the image that a command names, or say why that can't be done. The other arguments are those of `inspect`."""
    try:
        image = image_of(command)
        return ImageInspected(id=command.id, inspection=inspect(model, image, config, class_names, epoch, step, size))
    except EngineError as e:
        return InspectionFailed(id=command.id, reason=e.message)


def image_of(command: InspectImage) -> np.ndarray:
    """uint8 (32, 32, 3): the image that a command names.

    Raises:
        engine.errors.DataError: the file can't be read as an image, or the pixels are no such image.
    """
    if command.pixels is None:
        return read_image(Path(command.path or ""))
    try:
        return np.frombuffer(base64.b64decode(command.pixels), dtype=np.uint8).reshape(32, 32, 3)
    except ValueError:
        raise DataError("The pixels to inspect are not base64 of 32×32×3 bytes.") from None


def inspect(
    model: nn.Module,
    pixels: np.ndarray,
    config: Config,
    class_names: tuple[str, ...],
    epoch: int,
    step: int,
    size: int = 0,
) -> Inspection:
    """Inspect an image with the network as it is.

    Args:
        pixels: uint8 (32, 32, 3).
        epoch, step: where the network's weights come from, as in `Inspection`.
        size: side in pixels that the image is scaled to for the network, 0 for its own.
    """
    image = torch.from_numpy(np.array(pixels)).permute(2, 0, 1).unsqueeze(0)
    x = to_float(image, size=size).to(zeros_like_weights(model, ()))
    augmenter = Augmenter(config.augmentation, config.run.seed)
    draws = torch.cat([augmenter.example(image, i) for i in range(DRAWS)])
    cams, probabilities, mapped = grad_cam(model, x, size=(image.shape[2], image.shape[3]))
    return Inspection(
        image=pixels,
        class_names=class_names,
        probabilities=probabilities,
        epoch=epoch,
        step=step,
        network_input=to_float(image)[0].permute(1, 2, 0).contiguous().numpy(),
        draws=draws.permute(0, 2, 3, 1).contiguous().numpy(),
        cams=cams,
        cam_classes=mapped,
        maps=tuple(FeatureMaps(name, values) for name, values in feature_maps(model, x)),
        filters=first_filters(model),
    )
