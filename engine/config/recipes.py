"""Recipes: named sets of hyperparameters. A flag or a configuration file overrides any of their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Recipe:
    """A description in one line, and the settings in which the recipe differs from `Config`'s defaults."""

    description: str
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
"""What the recipes after airbench94_muon (Jordan, 2024) share."""


RECIPES: dict[str, Recipe] = {
    "fast": Recipe(
        "the best accuracy in ten minutes of two CPU cores, or sooner on a GPU; usable after the first epoch",
        {
            **_AIRBENCH,
            "recipe": "fast",
            "width": 48,
            "batch_size": 512,
            "lr": 0.3,
            "epochs": 12,
            "schedule": "cycles",
            "progressive": True,
        },
    ),
    "record": Recipe(
        "the speed run for a GPU, after airbench94_muon: 8 epochs of all images but 2 %",
        {
            **_AIRBENCH,
            "recipe": "record",
            "width": 64,
            "batch_size": 2000,
            "epochs": 8,
            "schedule": "linear",
            "valid_fraction": 0.02,
        },
    ),
    "accurate": Recipe(
        "the highest accuracy, after airbench96: a wide network and 40 epochs; for a GPU",
        {
            **_AIRBENCH,
            "recipe": "accurate",
            "width": 128,
            "batch_size": 1024,
            "epochs": 40,
            "schedule": "linear",
            "crop": 4,
            "cutout": 12,
        },
    ),
    "tutorial": Recipe(
        "the well-known PyTorch tutorial, exactly: 3 convolutions, SGD 0.01, batch 20, 20 epochs",
        {
            "recipe": "tutorial",
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
    "demo": Recipe(
        "the tutorial's network on the built-in shapes: shows everything within a minute on two cores",
        {
            "recipe": "demo",
            "dataset": "shapes",
            "epochs": 12,
            "batch_size": 32,
            "lr": 0.02,
            "momentum": 0.9,
            "stratified": True,
            "precision": "float32",
        },
    ),
}
