"""Registries: what can be chosen by name (networks, optimizers, recipes, commands), each one entry with a description.

An entry names its code as text, "module:function", so that listing the entries, or their settings, imports nothing heavy.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from engine.options import Options, settings_of


class Named(Protocol):
    """What a registry holds."""

    @property
    def name(self) -> str: ...


E = TypeVar("E", bound=Named)


class Registry(Mapping[str, E], Generic[E]):
    """Entries by name, in the order given.

    Args:
        kind: what the entries are, for messages: "optimizer".
        entries: no two with the same name.
    """

    def __init__(self, kind: str, *entries: E) -> None:
        self.kind = kind
        self._entries = {e.name: e for e in entries}
        if len(self._entries) < len(entries):
            raise ValueError(f"two {kind} entries have the same name")

    def __getitem__(self, name: str) -> E:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that can be chosen by name."""

    name: str
    description: str
    """A few words."""
    factory: str
    """"module:function" of what makes or runs it. It takes the options as keyword arguments of the same names."""
    options: type[Options] = Options
    """Its settings; none by default."""

    def load(self) -> Any:
        """Import the factory."""
        module, _, function = self.factory.partition(":")
        return getattr(importlib.import_module(module), function)

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of its settings."""
        return tuple(s.name for s in settings_of(self.options))

    def choose(self, **options: Any) -> Chosen[Any]:
        """This entry with the given options, the others at their defaults."""
        return Chosen(self.name, self.options(**options))


O_co = TypeVar("O_co", bound=Options, covariant=True)


@dataclass(frozen=True, slots=True)
class Chosen(Generic[O_co]):
    """The entry that a configuration chose, and that entry's own options."""

    name: str
    options: O_co

    def make(self, registry: Mapping[str, Entry], *arguments: Any) -> Any:
        """Call the entry's factory with `arguments` and the options as keyword arguments."""
        return registry[self.name].load()(*arguments, **self.options.as_dict())
