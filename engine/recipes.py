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


RECIPES: dict[str, Recipe] = {
    "tutorial": Recipe(
        "the well-known PyTorch tutorial, exactly: 3 convolutions, SGD 0.01, batch 20, 20 epochs",
        {
            "recipe": "tutorial",
            "epochs": 20,
            "batch_size": 20,
            "lr": 0.01,
            "momentum": 0.0,
            "weight_decay": 0.0,
            "dropout": 0.25,
            "flip": True,
            "rotation": 10.0,
            "valid_fraction": 0.2,
            "stratified": False,
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
        },
    ),
}
