"""What a network might have made of an image."""

from __future__ import annotations

import numpy as np

from engine.inspection.types import FeatureMaps, ImageInspected, Inspection


def inspected(id: str = "7", *, layers: int = 2, channels: int = 3, size: int = 8) -> ImageInspected:
    rng = np.random.default_rng(0)

    def floats(*shape: int) -> np.ndarray:
        return rng.random(shape, dtype=np.float32)

    return ImageInspected(
        id=id,
        inspection=Inspection(
            image=rng.integers(0, 256, (32, 32, 3), dtype=np.uint8),
            class_names=("cat", "dog"),
            probabilities=floats(2),
            epoch=3,
            step=12,
            network_input=floats(32, 32, 3),
            draws=rng.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8),
            cams=floats(2, 32, 32),
            cam_classes=(1, 0),
            maps=tuple(FeatureMaps(f"conv{n}", floats(channels, size, size)) for n in range(layers)),
            filters=floats(0, 3, 3, 3),
        ),
    )
