"""Augmentations: an entry each, with its settings, in the order in which they apply. Add one as a file here and an entry below."""

from __future__ import annotations

from dataclasses import dataclass

from engine.options import Options, setting
from engine.registry import Entry, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipOptions(Options):
    flip: str = setting(
        "random",
        "mirror half of the training images: at random in each epoch, or alternating halves",
        choices=("off", "random", "alternating"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationOptions(Options):
    rotation: float = setting(10.0, "rotate training images by up to this many degrees", low=0.0, high=180.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CropOptions(Options):
    crop: int = setting(0, "shift training images by up to this many pixels", low=0, high=16)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoutOptions(Options):
    cutout: int = setting(0, "side of a grey square that covers part of each training image", low=0, high=32)


AUGMENTATIONS = Registry(
    "augmentation",
    Entry(
        name="flip",
        description="horizontal flips",
        factory="engine.augmentation.flip:Flip",
        options=FlipOptions,
    ),
    Entry(
        name="rotation",
        description="rotation about the centre",
        factory="engine.augmentation.rotation:Rotation",
        options=RotationOptions,
    ),
    Entry(
        name="crop",
        description="shifts, as by padding and cropping",
        factory="engine.augmentation.crop:Crop",
        options=CropOptions,
    ),
    Entry(
        name="cutout",
        description="a grey square over part of the image",
        factory="engine.augmentation.cutout:Cutout",
        options=CutoutOptions,
    ),
)
