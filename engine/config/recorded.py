"""Configurations recorded by earlier runs, by this version of the program or an older one.

A run records its settings in `config.json`, in every checkpoint and in its `RunStarted` events, as a flat table.
Version 1 (up to 0.2) recorded all settings, those of networks and optimizers that were not chosen too. Version 2 has only
those that the chosen ones have. Names and meanings are the same in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config.schema import CHOICES, SETTINGS, Config, from_settings, owners
from engine.config.sources import recipe_values
from engine.errors import ConfigError
from engine.optim.registry import SCHEDULES
from engine.options import OnResume

VERSION = 2
"""Of the settings that are recorded now."""


def check_version(version: object, run: Path) -> None:
    """Raise `ConfigError` if the settings of a run are of a version that came after this program."""
    if isinstance(version, int) and version > VERSION:
        raise ConfigError(f"{run}: a newer version of the program has recorded its settings (version {version}).")


def migrated(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Settings recorded by any version, as version 2 has them: without those that nothing has a use for."""
    chosen = {choice: recorded.get(choice, SETTINGS[choice].default) for choice in CHOICES}
    kept = {}
    for name, value in recorded.items():
        owned = owners(name)
        if name in SETTINGS and (owned is None or chosen[owned[0]] in owned[1]):
            kept[name] = value
    return kept


def recorded_config(recorded: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Config:
    """The configuration of a run, from the settings it recorded.

    Args:
        recorded: by any version; what it lacks is as the run's recipe has it.
        changes: settings to override, all of which must apply.

    Raises:
        ConfigError: a value is out of range, or something that was chosen is no longer known.
    """
    given, recorded = changes or {}, migrated(recorded)
    recipe = given.get("recipe", recorded.get("recipe", SETTINGS["recipe"].default))
    return from_settings(given, {**recipe_values(recipe), **recorded})


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that differs between a recorded run and the configuration to resume it with."""

    name: str
    before: Any
    now: Any


def changes(recorded: Mapping[str, Any], config: Config, kind: OnResume) -> list[Change]:
    """The settings of one kind that `config` changes, among those that both have.

    Args:
        recorded: the settings of the run to resume, by any version.
        config: what to resume it with.
        kind: how a resumed run takes the change.
    """
    found = []
    for name, now in config.as_dict().items():
        if name in recorded and recorded[name] != now and _on_resume(name, config) == kind:
            found.append(Change(name, recorded[name], now))
    return found


def _on_resume(name: str, config: Config) -> OnResume:
    if name == "epochs" and (config.run.progressive or SCHEDULES[config.schedule.name].planned):
        return "inexact"  # every step depends on it
    return SETTINGS[name].resume
