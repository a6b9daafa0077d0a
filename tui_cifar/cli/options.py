"""Flags made from the settings of a configuration: names, types, help and defaults are those of `engine.config.schema`."""

from __future__ import annotations

import argparse
from typing import Any

from engine.config.recipes import RECIPES
from engine.config.schema import CHOICES, SETTINGS, owners
from engine.config.sources import read_toml
from engine.options import Setting, listed
from tui_cifar.cli.arguments import FlagGroup, usage_error

ALIASES = {"lr": ("--learning-rate",)}
_METAVARS = {int: "N", float: "X", str: "TEXT"}
_IN_RECIPES = {"recipe", *(name for recipe in RECIPES.values() for name in recipe.values)}
"""Settings whose defaults say little, because recipes have values of their own for them."""


def flag_of(name: str) -> str:
    """The flag of a setting: "batch_size" is --batch-size."""
    return f"--{name.replace('_', '-')}"


def add_runs_dir(group: FlagGroup) -> None:
    """Add --runs-dir to a command that takes a run by its name."""
    default = SETTINGS["runs_dir"].default
    group.add_argument("--runs-dir", metavar="TEXT", default=default, help=f"{SETTINGS['runs_dir'].help} [{default}]")


def add_setting(group: FlagGroup, setting: Setting, *, aliases: bool = True) -> None:
    """Add the flag of a setting. Its value in the namespace is None if it is not given."""
    flags = [flag_of(setting.name), *(ALIASES.get(setting.name, ()) if aliases else ())]
    if setting.type is bool:
        group.add_argument(*flags, action=argparse.BooleanOptionalAction, default=None, help=_help(setting))
    else:
        metavar = "|".join(setting.choices) or _METAVARS[setting.type]
        group.add_argument(*flags, default=None, metavar=metavar, help=_help(setting))


def _help(setting: Setting) -> str:
    owned = owners(setting.name)
    of = f" ({owned[0]} {listed(owned[1])})" if owned and len(owned[1]) < len(CHOICES[owned[0]]) else ""
    default = "" if setting.name in _IN_RECIPES or setting.default in ("", 0, False) else f" [{setting.default}]"
    return (setting.help + of + default).replace("%", "%%")


def given_settings(options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings given by flags, and those in the TOML file that --config names.

    Raises:
        ConfigError: a value is not a number where one is needed, or the file can't be used.
    """
    flags: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        value = getattr(options, name)
        if value is not None:
            flags[name] = setting.parsed(value) if isinstance(value, str) else value
    if options.demo:
        if flags.get("recipe", "demo") != "demo":
            usage_error("--demo is --recipe demo; give only one of the two.")
        flags["recipe"] = "demo"
    return flags, read_toml(options.config) if options.config else {}
