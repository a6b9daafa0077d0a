"""Augmenters with only the augmentations that a test asks for."""

from __future__ import annotations

from typing import Any

from engine.augmentation.augmenter import Augmenter
from engine.config.sources import make_config


def augmenter(**options: Any) -> Augmenter:
    """All augmentations turned off but for the options given."""
    off = {"flip": "off", "rotation": 0.0, "crop": 0, "cutout": 0}
    return Augmenter(make_config({**off, **options}).augmentation, seed=0)
