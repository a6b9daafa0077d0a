"""Options: frozen dataclasses of settings, each with its help and range in one place, checked when made."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from engine.errors import ConfigError

OnResume = Literal["fixed", "free", "inexact"]
"""What a resumed run may do with a setting: "fixed", it can't change; "free", it can, and the result is the same as that of
a run that never stopped with it; "inexact", it can, but the result is then not bit for bit that of one run."""

_TYPES: dict[str, type] = {"int": int, "float": float, "bool": bool, "str": str}
_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: a value of a plain type, with all that is known about it."""

    name: str
    type: type
    """int, float, bool or str."""
    default: Any
    help: str
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    choices: tuple[str, ...] = ()
    resume: OnResume = "inexact"

    @property
    def range(self) -> str:
        """The values it may take, in words: "at least 1 and at most 100000"; empty if any will do."""
        if self.choices:
            return listed(self.choices, "or")
        low = "" if self.low is None else f"{'above' if self.open_low else 'at least'} {self.low:g}"
        high = "" if self.high is None else f"{'below' if self.open_high else 'at most'} {self.high:.10g}"
        return " and ".join(t for t in (low, high) if t)

    def checked(self, value: Any) -> Any:
        """The value in the setting's own type.

        Raises:
            ConfigError: it is of another type, or out of range.
        """
        must_be = f"; it must be {self.range}" if self.range else ""
        if type(value) is int and abs(value) >= 2**63:
            raise ConfigError(f"{self.name}: the number is far too large{must_be}.")
        if self.type is float and type(value) is int:
            value = float(value)
        if type(value) is not self.type:
            raise ConfigError(f"{self.name}: {value!r} is not {_WORDS[self.type]}.")
        if isinstance(value, int | float) and self.type is not bool and not self._in_range(value):
            raise ConfigError(f"{self.name}: {value:g} is out of range{must_be}.")
        if self.choices and value not in self.choices:
            raise ConfigError(f"{self.name}: {value!r} is unknown{must_be}.")
        return value

    def parsed(self, text: str) -> Any:
        """The value that a text stands for, not checked against the range.

        Raises:
            ConfigError: it is not a number where one is needed.
        """
        try:
            return self.type(text) if self.type in (int, float) else text
        except ValueError:
            raise ConfigError(f"{self.name}: {text!r} is not {_WORDS[self.type]}; it must be {self.range}.") from None

    def _in_range(self, value: float) -> bool:
        low_ok = self.low is None or (value > self.low if self.open_low else value >= self.low)
        high_ok = self.high is None or (value < self.high if self.open_high else value <= self.high)
        return math.isfinite(value) and low_ok and high_ok


def setting(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
    open_high: bool = False,
    choices: Iterable[str] = (),
    resume: OnResume = "inexact",
) -> Any:
    """A dataclass field for a setting, to be used in a subclass of `Options`.

    Args:
        default: value where nothing else is given.
        help: a few words for `--help` and forms.
        low: smallest value, None for no bound; with `open_low`, values must be above it.
        high: greatest value, None for no bound; with `open_high`, values must be below it.
        choices: the only values, for text.
        resume: whether a resumed run may change it.
    """
    known = {"help": help, "low": low, "high": high, "open_low": open_low, "open_high": open_high}
    return field(default=default, metadata={**known, "choices": tuple(choices), "resume": resume})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Base of all groups of settings. A subclass is a dataclass of the same kind whose fields are made by `setting`.

    Raises:
        ConfigError: a value is of the wrong type or out of range; the message names the range.
    """

    def __post_init__(self) -> None:
        for s in settings_of(type(self)):
            object.__setattr__(self, s.name, s.checked(getattr(self, s.name)))
        self.validate()

    def validate(self) -> None:
        """Check what concerns more than one setting, or more than a range. Raises `ConfigError`."""

    def as_dict(self) -> dict[str, Any]:
        """The values by name."""
        return {s.name: getattr(self, s.name) for s in settings_of(type(self))}


AnyOptions = TypeVar("AnyOptions", bound=Options)


def settings_of(options: type[Options]) -> tuple[Setting, ...]:
    """The settings of an options dataclass, in the order of its fields."""
    return _settings_of(options)  # type: ignore[arg-type]  # mypy takes a class for unhashable if its instances are


@functools.cache
def _settings_of(options: type[Options]) -> tuple[Setting, ...]:
    return tuple(
        Setting(name=f.name, type=_TYPES[str(f.type)], default=f.default, **f.metadata)
        for f in dataclasses.fields(options)
    )


def from_values(options: type[AnyOptions], values: Mapping[str, Any]) -> AnyOptions:
    """Options with those of the given values that they have settings for."""
    return options(**{s.name: values[s.name] for s in settings_of(options) if s.name in values})


def listed(words: Iterable[str], conjunction: str = "and") -> str:
    """ "a, b and c"."""
    *head, last = words
    return f"{', '.join(head)} {conjunction} {last}" if head else last


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence: "; did you mean 'epochs'?" where a known word is near, else "."."""
    words = {k.lstrip("-"): k for k in known}
    bare = word.lstrip("-")
    longer = [k for k in words if len(bare) >= 3 and k.startswith(bare)]
    close = longer or difflib.get_close_matches(bare, list(words), n=1, cutoff=0.65)
    return f"; did you mean {words[close[0]]!r}?" if close else "."
