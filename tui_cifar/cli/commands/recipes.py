"""`cifar-tui recipes`: the recipes and their values, side by side."""

from __future__ import annotations

import sys
from typing import Any

from engine.config.recipes import RECIPES
from engine.config.schema import SETTINGS
from engine.config.sources import make_config
from tui_cifar.cli.arguments import Parser

HIDDEN = {"recipe", "name", "data_dir", "runs_dir"}


def run(arguments: list[str]) -> int:
    """Print each recipe's description, and a table of all settings."""
    Parser("cifar-tui recipes", description="List the recipes and their values.").parse_args(arguments)
    for name, recipe in RECIPES.items():
        sys.stdout.write(f"{name:12}{recipe.description}\n")
    values = {name: make_config({"recipe": name}).as_dict() for name in RECIPES}
    table = {key: [_shown(values[name].get(key, "")) for name in RECIPES] for key in SETTINGS if key not in HIDDEN}
    widths = [2 + max(map(len, column)) for column in zip(RECIPES, *table.values(), strict=True)]
    sys.stdout.write("\n")
    for key, cells in {"": list(RECIPES), **table}.items():
        row = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        sys.stdout.write(f"{key:16}{row}\n")
    return 0


def _shown(value: Any) -> str:
    """A value in a table; settings that a recipe does not have are "-"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value) or "-"
