"""The user's settings: a file of keys that the user writes, and the choices that the program remembers.

Both are in the user's configuration directory (`~/.config/cifar-tui` on Linux): `keys.toml`, which the program never writes,
and `choices.json`. What can't be read is reported and ignored; a broken file never keeps the program from starting.
"""

from __future__ import annotations

import json
import os
import queue
import threading
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.runtime.atomic_io import write_atomic

KEYS_FILE, CHOICES_FILE = "keys.toml", "choices.json"
QUIET_SECONDS = 0.5
"""Choices are written once nothing has been chosen for so long."""


def directory() -> Path:
    """The folder of the settings: `$CIFAR_TUI_CONFIG`, else the user's configuration directory."""
    if named := os.environ.get("CIFAR_TUI_CONFIG"):
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("cifar-tui", appauthor=False)


@dataclass(slots=True)
class Settings:
    """What was read, and what is wrong with it.

    Args:
        folder: where the files are; without one, nothing is remembered.
        keys: keys by the id of a binding, as in `run.pause = "p"`.
        choices: what was chosen the last time, by name.
        problems: a line for each file or entry that was ignored.
    """

    folder: Path | None = None
    keys: dict[str, str] = field(default_factory=dict)
    choices: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _writer: _Writer | None = None

    @classmethod
    def read(cls, folder: Path | None = None) -> Settings:
        """Read both files; a missing one counts as empty."""
        try:
            folder = folder or directory()
        except RuntimeError:  # a user without a home directory, as in some containers
            return cls()
        settings = cls(folder)
        settings._read_keys(folder / KEYS_FILE)
        settings._read_choices(folder / CHOICES_FILE)
        return settings

    def _read_keys(self, path: Path) -> None:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as e:
            self.problems.append(f"{path}: not used: {_reason(e)}")
            return
        for name, key in _flat(found).items():
            if isinstance(key, str) and key.strip():
                self.keys[name] = key
            else:
                self.problems.append(f'{path}: {name}: a key must be a text, as in "p" or "ctrl+p,f2"')

    def _read_choices(self, path: Path) -> None:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as e:
            self.problems.append(f"{path}: not used: {_reason(e)}")
            return
        if isinstance(found, dict):
            self.choices = found
        else:
            self.problems.append(f"{path}: not used: it holds no table")

    def choice(self, name: str, allowed: Any) -> Any:
        """What was chosen for `name`, if it is one of `allowed`; else None."""
        value = self.choices.get(name)
        return value if isinstance(value, str | int | float | bool) and value in allowed else None

    def remember(self, name: str, value: str | int | float | bool) -> None:
        """Keep a choice for the next start. If the folder can't be written to, it is forgotten without a word."""
        if self.folder is None or self.choices.get(name) == value:
            return
        self.choices[name] = value
        if self._writer is None:
            self._writer = _Writer(self.folder / CHOICES_FILE)
        self._writer.write(json.dumps(self.choices, indent=1, sort_keys=True) + "\n")

    def flush(self, seconds: float = 2.0) -> None:
        """Wait until everything is written, at most so many seconds."""
        if self._writer is not None:
            self._writer.flush(seconds)


class _Writer:
    """Writes the newest text to a file, in a thread of its own: a key must not wait for a disk, nor for a thread to start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._given: queue.SimpleQueue[str | threading.Event] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="settings", daemon=True).start()

    def write(self, text: str) -> None:
        """Write a text soon, unless a newer one comes first."""
        self._given.put(text)

    def flush(self, seconds: float) -> None:
        """Wait until what was given is written, at most so many seconds."""
        written = threading.Event()
        self._given.put(written)
        written.wait(seconds)

    def _work(self) -> None:
        text: str | None = None
        while True:
            try:
                given = self._given.get(timeout=None if text is None else QUIET_SECONDS)
            except queue.Empty:
                given = None
            if isinstance(given, str):
                text = given
                continue
            if text is not None:
                self._write(text)
                text = None
            if given is not None:
                given.set()

    def _write(self, text: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, text.encode())
        except OSError:
            pass


def _flat(table: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Nested tables as one: `[run] pause = "p"` is the same as `"run.pause" = "p"`."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        found.update(_flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value})
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return " ".join(str(error).split())
