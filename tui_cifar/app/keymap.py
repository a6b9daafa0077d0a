"""The user's keys: which of them can be used, and what is wrong with the others: unknown actions, or two on one key."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Mapping

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from engine.options import nearest

_MODIFIERS = frozenset({"ctrl", "shift", "alt", "super", "hyper", "meta"})
_NAMES = frozenset(key.value.rpartition("+")[2] for key in Keys) | frozenset(KEY_NAME_REPLACEMENTS.values())


def checked(
    keys: Mapping[str, str], app: type[DOMNode], screens: Iterable[type[DOMNode]]
) -> tuple[dict[str, str], list[str]]:
    """The keys that can be used, and a line for each entry that can't, or that takes the key of another action.

    Args:
        keys: a key, or several separated by commas, by the id of a binding.
        app: its bindings work on every screen.
        screens: the bindings of each work only there, so that two screens may share a key; so may two of its `KEY_VIEWS`.
    """
    everywhere = _bindings(app)
    each = [
        {**everywhere, **_bindings(screen), **_bindings(view)}
        for screen in screens
        for view in getattr(screen, "KEY_VIEWS", ()) or (screen,)
    ]
    known = set(everywhere).union(*each)
    good: dict[str, str] = {}
    problems = []
    for name, text in keys.items():
        parts = _split(text)
        unknown = [part for part in parts if not _is_key(part)]
        if name not in known:
            problems.append(f"keys.toml: {name}: there is no such key binding{nearest(name, known)}")
        elif unknown or not parts:
            problems.append(
                f'keys.toml: {name}: "{unknown[0] if unknown else text}" is not a key; write "p", "ctrl+p" or "f2"'
            )
        else:
            good[name] = ",".join(parts)
    shared = dict.fromkeys(pair for bindings in each for pair in _clashes(good, bindings))
    problems += [f'keys.toml: "{key}" is both {a} and {b}: only one can be reached' for key, a, b in shared]
    return good, problems


def _clashes(keys: Mapping[str, str], defaults: Mapping[str, list[str]]) -> Iterable[tuple[str, str, str]]:
    """(key, action, action) for two actions that the user has put on one key; some share one by default, as pause and resume do."""
    for a, b in itertools.combinations(defaults, 2):
        now = [_split(keys[name]) if name in keys else defaults[name] for name in (a, b)]
        for key in now[0]:
            if key in now[1] and not (set(defaults[a]) & set(defaults[b])):
                yield key, a, b


def _bindings(node: type[DOMNode]) -> dict[str, list[str]]:
    """The keys of every binding with an id that a class or one of its bases declares, by that id."""
    found: dict[str, list[str]] = {}
    for base in node.__mro__:
        for binding in vars(base).get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id:
                found.setdefault(binding.id, _split(binding.key))
    return found


def _split(text: str) -> list[str]:
    """The keys of a comma-separated list; a comma by itself is a key."""
    if text.strip() == ",":
        return ["comma"]
    return [key for part in text.split(",") if (key := part.strip())]


def _is_key(key: str) -> bool:
    *modifiers, name = key.split("+") if len(key) > 1 else [key]
    if not _MODIFIERS.issuperset(modifiers):
        return False
    if len(name) == 1 or name in _NAMES:
        return True
    try:
        unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return False
    return True
