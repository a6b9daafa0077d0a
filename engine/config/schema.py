"""The configuration of a run: one frozen dataclass, checked when made, and how it is put together.

Values come from, each overriding the one before: the defaults here, the recipe, a TOML file, the command line.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.config.recipes import RECIPES
from engine.errors import ConfigError
from engine.storage.atomic_io import expand_path


def _setting(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
    open_high: bool = False,
    choices: tuple[str, ...] = (),
    group: str = "Training",
) -> Any:
    """A field with what is known of it: help for `--help`, the range or the choices that `Config` checks."""
    return field(
        default=default,
        metadata={
            "help": help,
            "low": low,
            "high": high,
            "open_low": open_low,
            "open_high": open_high,
            "choices": choices,
            "group": group,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that a run depends on. Making one checks every value.

    Raises:
        ConfigError: a value is out of its range or of the wrong type; the message names the range.
    """

    recipe: str = _setting("fast", "named set of values to start from (see 'cifar-tui recipes')", group="What to train")
    dataset: str = _setting(
        "cifar10", "cifar10, shapes (built in), or the path of a folder or archive", group="What to train"
    )
    model: str = _setting("tutorial", "network", choices=("tutorial", "airbench"), group="What to train")
    width: int = _setting(
        32, "channels of the first group of the network 'airbench'", low=4, high=1024, group="What to train"
    )
    epochs: int = _setting(20, "passes over the training images", low=1, high=100_000)
    batch_size: int = _setting(20, "images a step", low=1, high=100_000)
    optimizer: str = _setting("sgd", "how gradients become steps", choices=("sgd", "muon"))
    lr: float = _setting(0.01, "learning rate", low=0.0, high=100.0, open_low=True)
    schedule: str = _setting(
        "constant",
        "how the learning rate falls: not, over the run, or in cycles",
        choices=("constant", "linear", "cycles"),
    )
    momentum: float = _setting(0.0, "momentum of SGD", low=0.0, high=1.0, open_high=True)
    nesterov: bool = _setting(False, "Nesterov's momentum for SGD")
    weight_decay: float = _setting(0.0, "L2 penalty on the weights", low=0.0, high=1.0)
    label_smoothing: float = _setting(
        0.0, "share of the target spread over all classes while training", low=0.0, high=1.0, open_high=True
    )
    dropout: float = _setting(
        0.25, "fraction of activations dropped before each linear layer", low=0.0, high=1.0, open_high=True
    )
    flip: str = _setting(
        "random",
        "mirror half of the training images: anew each epoch, or in turns",
        choices=("off", "random", "alternating"),
    )
    rotation: float = _setting(10.0, "turn training images by up to this many degrees either way", low=0.0, high=180.0)
    crop: int = _setting(0, "shift training images by up to this many pixels either way", low=0, high=16)
    cutout: int = _setting(0, "side of a grey square laid over each training image", low=0, high=32)
    progressive: bool = _setting(False, "train on smaller images first")
    valid_fraction: float = _setting(
        0.2, "share of the training images held out for validation", low=0.0, high=1.0, open_low=True, open_high=True
    )
    stratified: bool = _setting(False, "hold out the same share of every class")
    seed: int = _setting(0, "decides split, order, augmentation, dropout and first weights", low=0, high=2**31 - 1)
    device: str = _setting("auto", "auto, cpu, cuda or cuda:N", group="Where")
    threads: int = _setting(
        0, "CPU threads of the training loop, 0 to choose by a short measurement", low=0, high=1024, group="Where"
    )
    precision: str = _setting(
        "auto",
        "of convolutions and products; auto takes what measures faster",
        choices=("auto", "float32", "bfloat16"),
        group="Where",
    )
    memory_format: str = _setting(
        "auto",
        "layout of images in memory; auto takes what measures faster",
        choices=("auto", "channels_last", "contiguous"),
        group="Where",
    )
    data_dir: str = _setting(
        "", "where cifar10 is kept (default: the user's cache directory, or $CIFAR_TUI_DATA)", group="Where"
    )
    runs_dir: str = _setting("runs", "where run directories are made", group="Where")
    name: str = _setting("", "name of the run (default: recipe, data and time)", group="Where")
    save_every: float = _setting(
        5.0, "minutes between checkpoints within long epochs", low=0.0, high=10_000.0, open_low=True, group="Where"
    )
    deterministic: bool = _setting(
        False, "only kernels that give the same bits every time (the CPU's always do)", group="Where"
    )
    keep: int = _setting(3, "newest checkpoints to keep, beside the best", low=1, high=1_000_000, group="Where")

    def __post_init__(self) -> None:
        for f in dataclasses.fields(self):
            object.__setattr__(self, f.name, _checked(f, getattr(self, f.name)))
        if self.recipe not in RECIPES:
            raise ConfigError(
                f"recipe: {self.recipe!r} is unknown{nearest(self.recipe, RECIPES)} 'cifar-tui recipes' lists them."
            )
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device):
            raise ConfigError(f"device: {self.device!r} is unknown; use auto, cpu, cuda or cuda:N.")
        if self.name and (self.name in (".", "..") or not re.fullmatch(r"[\w.+=@ -]{1,120}", self.name)):
            raise ConfigError(f"name: {self.name!r} can't name a folder; use letters, digits, '.', '_' and '-'.")
        if self.nesterov and not (self.momentum and self.optimizer == "sgd"):
            raise ConfigError("nesterov: it needs a momentum above 0, and the optimizer sgd.")
        if self.progressive and self.model == "tutorial":
            raise ConfigError(
                "progressive: the network 'tutorial' takes full-size images only. Give --no-progressive, or --model airbench."
            )
        if not self.dataset:
            raise ConfigError("dataset: it is empty; use cifar10, shapes, or the path of a folder or archive.")

    def as_dict(self) -> dict[str, Any]:
        """The values by name, plain types only."""
        return dataclasses.asdict(self)

    def anchored(self) -> Config:
        """The same with absolute paths to the images, which mean the same from any working directory."""
        dataset = self.dataset if self.dataset in ("cifar10", "shapes") else _absolute(self.dataset)
        return dataclasses.replace(self, dataset=dataset, data_dir=self.data_dir and _absolute(self.data_dir))


def _absolute(path: str) -> str:
    return str(expand_path(path).absolute())


FIELDS: dict[str, dataclasses.Field[Any]] = {f.name: f for f in dataclasses.fields(Config)}


def range_text(f: dataclasses.Field[Any]) -> str:
    """The values that a field may take, in words: "at least 1 and at most 100000"; empty where any will do."""
    m = f.metadata
    if m["choices"]:
        return " or ".join(m["choices"])
    low = "" if m["low"] is None else f"{'above' if m['open_low'] else 'at least'} {m['low']:g}"
    high = "" if m["high"] is None else f"{'below' if m['open_high'] else 'at most'} {m['high']:.10g}"
    return " and ".join(t for t in (low, high) if t)


def _checked(f: dataclasses.Field[Any], value: Any) -> Any:
    """The value in the field's own type, or ConfigError."""
    m = f.metadata
    kind: type = {"int": int, "float": float, "bool": bool, "str": str}[str(f.type)]
    if type(value) is int and abs(value) >= 2**63:
        raise ConfigError(
            f"{f.name}: the number is far too large{f'; it must be {t}' if (t := range_text(f)) else ''}."
        )
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        word = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}[str(f.type)]
        raise ConfigError(f"{f.name}: {value!r} is not {word}.")
    if isinstance(value, (int, float)) and kind is not bool:
        low_ok = m["low"] is None or (value > m["low"] if m["open_low"] else value >= m["low"])
        high_ok = m["high"] is None or (value < m["high"] if m["open_high"] else value <= m["high"])
        if not (math.isfinite(value) and low_ok and high_ok):
            raise ConfigError(f"{f.name}: {value:g} is out of range; it must be {range_text(f)}.")
    if m["choices"] and value not in m["choices"]:
        raise ConfigError(f"{f.name}: {value!r} is unknown; it must be {range_text(f)}.")
    return value


def nearest(word: str, known: Any) -> str:
    """The end of a sentence: "; did you mean 'epochs'?" where a known word is near, else "."."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else "."


def read_toml(path: str | Path) -> dict[str, Any]:
    """The settings in a TOML file: a flat table of the names in `Config`.

    Raises:
        ConfigError: the file can't be read, is no TOML, or names something unknown.
    """
    try:
        raw = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as e:
        raise ConfigError(f"{path}: can't read it: {e.strerror or e}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path}: no valid TOML: {e}.") from None
    values = {key.replace("-", "_"): value for key, value in raw.items()}
    for key in values:
        if key not in FIELDS:
            raise ConfigError(f"{path}: {key!r} is no setting{nearest(key, FIELDS)}")
    return values


def make_config(flags: Mapping[str, Any] | None = None, toml: Mapping[str, Any] | None = None) -> Config:
    """Put a configuration together: defaults, then the recipe, then `toml`, then `flags`.

    Raises:
        ConfigError: a key is unknown, or a value out of range.
    """
    given = {**(toml or {}), **(flags or {})}
    for key in given:
        if key not in FIELDS:
            raise ConfigError(f"{key!r} is no setting{nearest(key, FIELDS)}")
    recipe = given.get("recipe", FIELDS["recipe"].default)
    if not isinstance(recipe, str) or recipe not in RECIPES:
        raise ConfigError(
            f"recipe: {recipe!r} is unknown{nearest(str(recipe), RECIPES)} 'cifar-tui recipes' lists them."
        )
    return Config(**{**RECIPES[recipe].values, **given})
