"""The run directory: what a run leaves on the disk, readable with standard tools."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from engine.errors import RunDirectoryError
from engine.events import Event, RunCompleted, from_json, to_json


class RunDirectory:
    """`config.json`, `events.jsonl`, `checkpoints/` and a lock that one process holds at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self._lock: TextIO | None = None
        self._events: TextIO | None = None

    @classmethod
    def create(cls, runs_dir: Path, name: str, default_name: str) -> RunDirectory:
        """A new directory `runs_dir`/`name`, locked. Without a name, `default_name`, numbered where it is taken.

        Raises:
            RunDirectoryError: the name is taken, or the directory can't be made.
        """
        try:
            runs_dir.mkdir(parents=True, exist_ok=True)
            for number in range(1, 1000):
                path = runs_dir / (name or (default_name if number == 1 else f"{default_name}-{number}"))
                try:
                    path.mkdir()
                except FileExistsError:
                    if name:
                        raise RunDirectoryError(
                            f"{path} exists. Give another --name, or go on with it: --resume {path}"
                        ) from None
                    continue
                run = cls(path)
                run.checkpoints.mkdir()
                run.lock()
                return run
        except OSError as e:
            raise RunDirectoryError(
                f"{runs_dir}: can't make a run directory there: {e.strerror or e}. Give another --runs-dir."
            ) from None
        raise RunDirectoryError(f"{runs_dir / default_name}: a thousand runs have this name. Give another --name.")

    def lock(self) -> None:
        """Hold the directory until `close`, or until this process ends in whatever way.

        Raises:
            RunDirectoryError: another process holds it; the message names that process.
        """
        try:
            self._lock = (self.path / "lock").open("a+", encoding="ascii")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = (self.path / "lock").read_text(encoding="ascii", errors="replace").strip() or "another process"
            self._lock = None
            raise RunDirectoryError(f"{self.path} is in use by process {holder}.") from None
        except OSError as e:
            raise RunDirectoryError(f"{self.path}: can't lock it: {e.strerror or e}.") from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def write_config(self, content: dict[str, Any]) -> None:
        """Write `config.json`: the full configuration, versions, device and the data's fingerprint."""
        (self.path / "config.json").write_text(
            json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )

    def append(self, event: Event) -> None:
        """Add an event to `events.jsonl`, a line, flushed.

        Raises:
            OSError: the disk refused it.
        """
        if self._events is None:
            self._end_torn_line()
            self._events = (self.path / "events.jsonl").open("a", encoding="utf-8")
        self._events.write(to_json(event) + "\n")
        self._events.flush()

    def _end_torn_line(self) -> None:
        """Cut off a last line that a killed process left unfinished, so that the next event starts a line of its own."""
        path = self.path / "events.jsonl"
        if path.exists():
            content = path.read_bytes()
            if content and not content.endswith(b"\n"):
                with path.open("rb+") as f:
                    f.truncate(content.rfind(b"\n") + 1)

    def close(self) -> None:
        """Close the files and let go of the lock."""
        for f in (self._events, self._lock):
            if f is not None:
                try:
                    f.close()
                except OSError:
                    pass  # a full disk again; what was flushed is there
        self._events = self._lock = None


def read_events(path: Path) -> Iterator[Event]:
    """The events in an `events.jsonl`. Lines that are torn or unknown are passed over."""
    with path.open(encoding="utf-8", errors="replace") as f:
        for line in f:
            try:
                yield from_json(line)
            except ValueError:
                continue


def find_run(runs_dir: Path, spec: str) -> Path:
    """The run directory that `--resume` means: a path, a name under `runs_dir`, or, for "", the newest unfinished run.

    Raises:
        RunDirectoryError: there is none.
    """
    if spec:
        for path in (Path(spec), runs_dir / spec):
            if (path / "checkpoints").is_dir():
                return path
        raise RunDirectoryError(f"{spec}: no such run, neither as a path nor under {runs_dir}.")
    found = [p.parent for p in runs_dir.glob("*/checkpoints") if any(p.glob("*.pt")) and not is_finished(p.parent)]
    if not found:
        raise RunDirectoryError(
            f"{runs_dir}: no unfinished run to resume. Name one, or start a new one without --resume."
        )
    return max(found, key=lambda p: max(c.stat().st_mtime for c in (p / "checkpoints").glob("*.pt")))


def is_finished(path: Path) -> bool:
    """Whether the newest terminal event of a run says that it completed."""
    try:
        with (path / "events.jsonl").open("rb") as f:
            f.seek(max(0, f.seek(0, os.SEEK_END) - 4096))
            last = f.read().decode("utf-8", "replace").rstrip().rsplit("\n", 1)[-1]
        return isinstance(from_json(last), RunCompleted)
    except (OSError, ValueError):
        return False


def default_run_name(recipe: str) -> str:
    """Recipe and local time, as in "tutorial-20261124-214402"."""
    return f"{recipe}-{time.strftime('%Y%m%d-%H%M%S')}"
