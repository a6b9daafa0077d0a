"""Recipes: named sets of hyperparameters. A flag or a configuration file overrides any of their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.registry import Registry


@dataclass(frozen=True, slots=True)
class Recipe:
    """A named set of settings, by which it differs from the settings' own defaults.

    It may have settings of networks or optimizers other than its own, which apply if one of those is chosen instead.
    """

    name: str
    description: str
    """One line."""
    values: Mapping[str, Any] = field(default_factory=dict)


_AIRBENCH: dict[str, Any] = {
    "model": "airbench",
    "optimizer": "muon",
    "lr": 0.24,
    "weight_decay": 2e-6,
    "label_smoothing": 0.2,
    "dropout": 0.0,
    "flip": "alternating",
    "rotation": 0.0,
    "crop": 2,
    "stratified": True,
}
"""What the recipes after airbench94_muon (Jordan, 2024) have in common."""


RECIPES = Registry(
    "recipe",
    Recipe(
        "fast",
        "the best accuracy in ten minutes of two CPU cores, or sooner on a GPU; usable after the first epoch",
        {
            **_AIRBENCH,
            "width": 48,
            "batch_size": 512,
            "lr": 0.3,
            "epochs": 12,
            "schedule": "cycles",
            "progressive": True,
        },
    ),
    Recipe(
        "record",
        "the speed run for a GPU, after airbench94_muon: 8 epochs on all images but 2 %",
        {
            **_AIRBENCH,
            "width": 64,
            "batch_size": 2000,
            "epochs": 8,
            "schedule": "linear",
            "valid_fraction": 0.02,
        },
    ),
    Recipe(
        "accurate",
        "the highest accuracy, after airbench96: a wide network and 40 epochs; for a GPU",
        {
            **_AIRBENCH,
            "width": 128,
            "batch_size": 1024,
            "epochs": 40,
            "schedule": "linear",
            "crop": 4,
            "cutout": 12,
        },
    ),
    Recipe(
        "tutorial",
        "the well-known PyTorch tutorial, exactly: 3 convolutions, SGD 0.01, batch 20, 20 epochs",
        {
            "model": "tutorial",
            "epochs": 20,
            "batch_size": 20,
            "optimizer": "sgd",
            "lr": 0.01,
            "schedule": "constant",
            "momentum": 0.0,
            "weight_decay": 0.0,
            "dropout": 0.25,
            "flip": "random",
            "rotation": 10.0,
            "valid_fraction": 0.2,
            "stratified": False,
            "precision": "float32",
        },
    ),
    Recipe(
        "demo",
        "the tutorial's network on the built-in shapes: shows everything within a minute on two cores",
        {
            "dataset": "shapes",
            "epochs": 12,
            "batch_size": 32,
            "lr": 0.02,
            "momentum": 0.9,
            "stratified": True,
            "precision": "float32",
        },
    ),
)
