"""Small JSON files that other programs may have written: reading never blocks, and never reads more than a bounded size."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any


def read_start(path: Path | str, most: int) -> bytes | None:
    """The first `most` bytes of a regular file; None if it can't be read, or is something else, such as a pipe."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        return os.read(file, most) if stat.S_ISREG(os.fstat(file).st_mode) else None
    except OSError:
        return None
    finally:
        os.close(file)


def read_object(path: Path | str, most: int) -> dict[str, Any] | None:
    """The JSON object in a file of at most `most` bytes; None if there is none."""
    content = read_start(path, most + 1)
    if content is None or len(content) > most:
        return None
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def is_time(value: Any) -> bool:
    """Whether a value read from JSON is plausible as a time in Unix seconds."""
    return type(value) in (int, float) and abs(value) < 1e12  # False for NaN


def replace_file(path: Path, value: dict[str, Any]) -> None:
    """Atomically replace a file with a JSON object, without syncing it to the disk.

    Raises:
        OSError: it can't be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(value) + "\n", encoding="ascii")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
