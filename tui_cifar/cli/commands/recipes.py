"""`cifar-tui recipes`: the recipes and the values in which they differ, side by side."""

from __future__ import annotations

import sys
from typing import Any

from engine.config.recipes import RECIPES
from engine.config.schema import SETTINGS
from engine.config.sources import make_config
from tui_cifar.cli.arguments import usage_error


def run(arguments: list[str]) -> int:
    """Print the recipes and the values in which they differ, side by side."""
    if arguments in (["-h"], ["--help"]):
        sys.stdout.write("usage: cifar-tui recipes\n\nList the recipes and their values.\n")
        return 0
    if arguments:
        usage_error(f"'recipes' takes no arguments, but got {arguments[0]!r}.")
    configs = {name: make_config({"recipe": name}).as_dict() for name in RECIPES}
    for name, recipe in RECIPES.items():
        sys.stdout.write(f"{name:12}{recipe.description}\n")
    hidden = {"recipe", "name", "data_dir", "runs_dir"}
    rows = [key for key in SETTINGS if key not in hidden]
    width = {name: max(len(name), *(len(_shown(configs[name][key])) for key in rows)) + 2 for name in RECIPES}
    sys.stdout.write("\n" + " " * 16 + "".join(f"{name:>{width[name]}}" for name in RECIPES) + "\n")
    for key in rows:
        values = "".join(f"{_shown(configs[name][key]):>{width[name]}}" for name in RECIPES)
        sys.stdout.write(f"{key:16}{values}\n")
    return 0


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
