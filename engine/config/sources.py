"""Where the values of a configuration come from. Each overrides those before: defaults, recipe, TOML file, command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.config.recipes import RECIPES
from engine.config.schema import SETTINGS, Config, from_settings, unknown_recipe
from engine.errors import ConfigError
from engine.options import nearest


def read_toml(path: str | Path) -> dict[str, Any]:
    """The settings in a TOML file: a flat table of the names in `SETTINGS`, with "-" or "_".

    Raises:
        ConfigError: the file can't be read, is not valid TOML, or names something unknown.
    """
    import tomllib

    try:
        raw = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as e:
        raise ConfigError(f"{path}: can't read it: {e.strerror or e}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path}: not valid TOML: {e}.") from None
    values = {key.replace("-", "_"): value for key, value in raw.items()}
    for key in values:
        if key not in SETTINGS:
            raise ConfigError(f"{path}: unknown setting {key!r}{nearest(key, SETTINGS)}")
    return values


def make_config(flags: Mapping[str, Any] | None = None, toml: Mapping[str, Any] | None = None) -> Config:
    """The configuration that the defaults, the recipe, a TOML file and flags make together.

    Raises:
        ConfigError: a name is unknown, is not a setting of what is chosen, or a value is out of range.
    """
    given = {**(toml or {}), **(flags or {})}
    return from_settings(given, recipe_values(given.get("recipe", SETTINGS["recipe"].default)))


def recipe_values(name: Any) -> Mapping[str, Any]:
    """The settings of a recipe.

    Raises:
        ConfigError: there is no such recipe.
    """
    if not isinstance(name, str) or name not in RECIPES:
        raise unknown_recipe(str(name))
    return {"recipe": name, **RECIPES[name].values}
