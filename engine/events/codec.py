"""Events and commands as lines of JSON.

The JSON follows from the dataclass: `EpochStarted(epoch=1, …)` is `{"event": "epoch_started", "time": …, "epoch": 1, …}`, and
`Pause()` is `{"command": "pause"}`.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Generic, TypeVar

from engine.events import commands, types

T = TypeVar("T")


class Codec(Generic[T]):
    """Writes and reads frozen dataclasses as JSON objects, in which a tag names the class.

    Fields hold strings, finite numbers (integers of at most 64 bits), booleans, None, tuples, mappings with string keys, and
    dataclasses of these. Strings that are no valid Unicode, such as undecodable file names from `os.fsdecode`, survive a
    round trip.

    Args:
        tag: the JSON key that holds the name of the class, in snake case.
        kinds: the classes; for a union, `typing.get_args(union)`.
        earlier_names: names that classes had in earlier versions, and the ones they have now.
        earlier_fields: the same for fields, whatever the class.
    """

    def __init__(
        self,
        tag: str,
        kinds: Iterable[type[T]],
        *,
        earlier_names: Mapping[str, str] | None = None,
        earlier_fields: Mapping[str, str] | None = None,
    ) -> None:
        self.tag = tag
        self.by_name = {_snake_case(kind.__name__): kind for kind in kinds}
        """The classes by their names in JSON."""
        self._earlier_names, self._earlier_fields = earlier_names or {}, earlier_fields or {}

    def name_of(self, value: T) -> str:
        """The name of a value's class in JSON."""
        return _snake_case(type(value).__name__)

    def to_json(self, value: T) -> str:
        """One line of JSON, without the line break.

        Raises:
            ValueError: a number is infinite or NaN, for which JSON has no notation.
        """
        content = {self.tag: self.name_of(value), **dataclasses.asdict(value)}  # type: ignore[call-overload]
        line = json.dumps(content, ensure_ascii=False, allow_nan=False)
        return line.encode(
            "utf-8", "backslashreplace"
        ).decode()  # a lone surrogate becomes its JSON escape, as in \udcff

    def from_json(self, line: str) -> T:
        """The value that `to_json` wrote. Unknown fields are ignored, so that older programs can read newer logs.

        Raises:
            ValueError: the line is no JSON object, names no known class, lacks a field, or has one of another type, a
                number that is not finite, or an integer of more than 64 bits.
        """
        import msgspec  # on the first read: most of a process's start-up needs none

        try:
            raw = _PARSER.decode(line)
            name = raw[self.tag]
            kind = self.by_name[self._earlier_names.get(name, name)]
        except (KeyError, TypeError, RecursionError):
            raise ValueError(f"not a known {self.tag}: {line[:80]!r}") from None
        for earlier, now in self._earlier_fields.items():
            if earlier in raw:
                raw.setdefault(now, raw[earlier])
        try:
            return msgspec.convert(raw, kind)
        except (msgspec.ValidationError, RecursionError) as e:
            raise ValueError(f"{name}: {e}") from None


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _int64(text: str) -> int:
    if not -(2**63) <= (value := int(text)) < 2**63:
        raise ValueError(f"an integer of more than 64 bits: {text[:40]}")
    return value


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"not a finite number: {text[:40]}")
    return value


# Not msgspec's own parser: it refuses escaped lone surrogates and takes integers of any size.
_PARSER = json.JSONDecoder(parse_int=_int64, parse_float=_finite, parse_constant=_finite)


def _classes(module: ModuleType, base: type[T]) -> list[type[T]]:
    """The classes of a module that are derived from `base` and are themselves no base of others in it."""
    found = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, base)]
    return [c for c in found if not any(c in other.__bases__ for other in found)]


EVENTS: Codec[types.Event] = Codec(
    "event",
    _classes(types, types.Event),
    earlier_names={
        "pictures_skipped": "images_skipped",
        "pictures_chosen": "images_chosen",
        "pictures_classified": "images_classified",
    },
    earlier_fields={"mirrored_accuracy": "tta_accuracy"},
)
"""The events of `engine.events.types`, with the names of version 0.2."""

COMMANDS: Codec[commands.Command] = Codec("command", _classes(commands, commands.Command))
"""The commands of `engine.events.commands`."""

BY_NAME, name_of, to_json, from_json = EVENTS.by_name, EVENTS.name_of, EVENTS.to_json, EVENTS.from_json
