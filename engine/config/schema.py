"""The configuration of a run: typed groups of settings, checked when made, and the same settings as a flat table of names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.augmentation.registry import AUGMENTATIONS
from engine.config.recipes import RECIPES
from engine.data.registry import DATASETS
from engine.errors import ConfigError
from engine.models.registry import MODELS
from engine.optim.registry import OPTIMIZERS, SCHEDULES, OptimizerOptions
from engine.options import Options, Setting, from_values, listed, nearest, setting, settings_of
from engine.registry import Chosen, Entry, Registry
from engine.runtime.atomic_io import expand_path


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSettings(Options):
    """Which images, and how they are split."""

    dataset: str = setting("cifar10", f"{', '.join(DATASETS)}, or the path of a folder of images", resume="free")
    data_dir: str = setting(
        "",
        "where downloaded datasets are kept (default: $CIFAR_TUI_DATA, or the user's cache directory)",
        resume="free",
    )
    valid_fraction: float = setting(
        0.2,
        "fraction of the training images held out for validation",
        low=0.0,
        high=1.0,
        open_low=True,
        open_high=True,
        resume="fixed",
    )
    stratified: bool = setting(False, "hold out the same fraction of every class", resume="fixed")

    def validate(self) -> None:
        if not self.dataset:
            raise ConfigError(
                f"dataset: it is empty; use {listed((*DATASETS, 'the path of a folder or archive'), 'or')}."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings(Options):
    """How long and on what batches the network trains, and what is kept of it."""

    epochs: int = setting(20, "passes over the training images", low=1, high=100_000, resume="free")
    batch_size: int = setting(20, "images per step", low=1, high=100_000)
    label_smoothing: float = setting(
        0.0, "fraction of each training target spread over all classes", low=0.0, high=1.0, open_high=True
    )
    # Not an augmentation: it draws nothing, and decides the size of images and network by position alone.
    progressive: bool = setting(False, "train on smaller images first")
    seed: int = setting(
        0,
        "seed of the split, order, augmentation, initial weights",
        low=0,
        high=2**31 - 1,
        resume="fixed",
    )
    name: str = setting("", "name of the run (default: recipe, date and time)", resume="free")
    runs_dir: str = setting("runs", "folder of all runs", resume="free")
    save_every: float = setting(
        5.0, "minutes between checkpoints within long epochs", low=0.0, high=10_000.0, open_low=True, resume="free"
    )
    keep: int = setting(3, "recent checkpoints to keep, besides the best", low=1, high=1_000_000, resume="free")

    def validate(self) -> None:
        if self.name and (self.name in (".", "..") or not re.fullmatch(r"[\w.+=@ -]{1,120}", self.name)):
            raise ConfigError(f"name: {self.name!r} can't name a folder; use letters, digits, '.', '_' and '-'.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSettings(Options):
    """What the run is computed on, and how. A resumed run compares what they lead to, not the settings themselves."""

    device: str = setting("auto", "auto, cpu, cuda or cuda:N", resume="free")
    threads: int = setting(
        0, "CPU threads of the training loop; 0 chooses by a short measurement", low=0, high=1024, resume="free"
    )
    precision: str = setting(
        "auto",
        "of convolutions and matrix products; auto takes the faster",
        choices=("auto", "float32", "bfloat16"),
        resume="free",
    )
    memory_format: str = setting(
        "auto",
        "layout of images in memory; auto takes the faster",
        choices=("auto", "channels_last", "contiguous"),
        resume="free",
    )
    deterministic: bool = setting(
        False, "only kernels that give the same bits every time (those of CPUs always do)", resume="free"
    )

    def validate(self) -> None:
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device):
            raise ConfigError(f"device: {self.device!r} is unknown; use auto, cpu, cuda or cuda:N.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that a run depends on.

    Raises:
        ConfigError: the recipe is unknown, or settings contradict each other.
    """

    recipe: str
    data: DataSettings
    model: Chosen[Options]
    optimizer: Chosen[OptimizerOptions]
    schedule: Chosen[Options]
    augmentation: tuple[Chosen[Options], ...]
    """Every entry of `AUGMENTATIONS` with its options, in their order."""
    run: RunSettings
    runtime: RuntimeSettings

    def __post_init__(self) -> None:
        if self.recipe not in RECIPES:
            raise unknown_recipe(self.recipe)
        if self.run.progressive and not MODELS[self.model.name].any_image_size:
            raise ConfigError(
                f"progressive: the network {self.model.name} takes full-size images only.", code="fixed_image_size"
            )

    def as_dict(self) -> dict[str, Any]:
        """The settings by their flat names, plain values only; of networks and the like, those of the chosen ones."""
        values: dict[str, Any] = {"recipe": self.recipe, **self.data.as_dict()}
        for setting_name in CHOICES:
            chosen = getattr(self, setting_name)
            values |= {setting_name: chosen.name, **chosen.options.as_dict()}
        for chosen in self.augmentation:
            values |= chosen.options.as_dict()
        return {**values, **self.run.as_dict(), **self.runtime.as_dict()}

    def replace(self, **changes: Any) -> Config:
        """The same with other values, by their flat names: `config.replace(epochs=5, lr=0.1)`.

        Raises:
            ConfigError: a name is unknown, is not a setting of what is chosen, or its value is out of range.
        """
        return from_settings(changes, self.as_dict())

    def anchored(self) -> Config:
        """The same with absolute paths to the images, so that it is valid in any working directory."""
        dataset = self.data.dataset if self.data.dataset in DATASETS else _absolute(self.data.dataset)
        return self.replace(dataset=dataset, data_dir=self.data.data_dir and _absolute(self.data.data_dir))


def _absolute(path: str) -> str:
    return str(expand_path(path).absolute())


CHOICES: dict[str, Registry[Any]] = {"model": MODELS, "optimizer": OPTIMIZERS, "schedule": SCHEDULES}
"""The settings whose value is the name of an entry with settings of its own."""


def _choice(name: str, default: str, **more: Any) -> Setting:
    registry = CHOICES[name]
    entries = "; ".join(f"{entry.name}: {entry.description}" for entry in registry.values())
    return Setting(name, str, default, f"{registry.kind}. {entries}", choices=tuple(registry), **more)


def _of(entries: Registry[Any]) -> tuple[Setting, ...]:
    """The settings of all entries; one that several have is listed once."""
    found: dict[str, Setting] = {}
    for entry in entries.values():
        for s in settings_of(entry.options):
            found.setdefault(s.name, s)
    return tuple(found.values())


GROUPS: dict[str, tuple[Setting, ...]] = {
    "recipe": (Setting("recipe", str, "fast", "named set of values to start from"),),
    "data": settings_of(DataSettings),
    "model": (_choice("model", "tutorial", resume="fixed"), *_of(MODELS)),
    "optimizer": (_choice("optimizer", "sgd", resume="fixed"), *_of(OPTIMIZERS)),
    "schedule": (_choice("schedule", "constant"), *_of(SCHEDULES)),
    "augmentation": _of(AUGMENTATIONS),
    "run": settings_of(RunSettings),
    "runtime": settings_of(RuntimeSettings),
}
"""All settings by the group of `Config` that they belong to."""

SETTINGS: dict[str, Setting] = {s.name: s for group in GROUPS.values() for s in group}
"""All settings by their flat names, which are also those of flags, of TOML keys and in recorded runs."""


def owners(name: str) -> tuple[str, tuple[str, ...]] | None:
    """For a setting that not every configuration has: the choice it belongs to, and the entries that have it.

    `owners("momentum") == ("optimizer", ("sgd",))`.
    """
    for choice, registry in CHOICES.items():
        if having := tuple(e.name for e in registry.values() if name in e.settings):
            return choice, having
    return None


def from_settings(given: Mapping[str, Any], base: Mapping[str, Any]) -> Config:
    """A configuration from flat settings; those that are in neither table have their defaults.

    Args:
        given: settings that must all apply.
        base: settings for what is not given; those of networks and the like that are not chosen are passed over.

    Raises:
        ConfigError: a given name is unknown, is not a setting of what is chosen, or a value is out of range.
    """
    for name in given:
        if name not in SETTINGS:
            raise ConfigError(f"unknown setting {name!r}{nearest(name, SETTINGS)}")
    values = {**base, **given}
    chosen: dict[str, Chosen[Any]] = {}
    for name, registry in CHOICES.items():
        entry: Entry = registry[SETTINGS[name].checked(values.get(name, SETTINGS[name].default))]
        chosen[name] = Chosen(entry.name, from_values(entry.options, values))
    for name in given:
        if (owned := owners(name)) and chosen[owned[0]].name not in owned[1]:
            registry, entry_name = CHOICES[owned[0]], chosen[owned[0]].name
            own = registry[entry_name].settings
            raise ConfigError(
                f"{name}: the {registry.kind} {entry_name} has none; it has {listed(own) if own else 'no settings'}."
            )
    return Config(
        recipe=SETTINGS["recipe"].checked(values.get("recipe", SETTINGS["recipe"].default)),
        data=from_values(DataSettings, values),
        model=chosen["model"],
        optimizer=chosen["optimizer"],
        schedule=chosen["schedule"],
        augmentation=tuple(Chosen(e.name, from_values(e.options, values)) for e in AUGMENTATIONS.values()),
        run=from_values(RunSettings, values),
        runtime=from_values(RuntimeSettings, values),
    )


def unknown_recipe(name: str) -> ConfigError:
    """The error for a recipe that does not exist."""
    return ConfigError(f"recipe: {name!r} is unknown{nearest(name, RECIPES)}", code="unknown_recipe")
