"""The directory of a run: making it, locking it, and what is written to it. Readable with standard tools."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any, TextIO

from engine.config.recorded import check_version
from engine.errors import RunDirectoryError
from engine.events.log import EventLog
from engine.events.types import Event
from engine.runtime.atomic_io import SUFFIX, remove_stale_temp_files, try_lock, write_atomic


class RunDirectory:
    """`config.json`, `events.jsonl`, `checkpoints/` and a lock, which one process at a time can hold."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.exclusive = False
        """Whether the lock keeps other processes out; False on a file system without locks."""
        self._folder: int | None = None
        self._lock: TextIO | None = None
        self._log = EventLog(path / "events.jsonl")

    @classmethod
    def create(cls, runs_dir: Path, name: str, default_name: str) -> RunDirectory:
        """Make and lock the directory `runs_dir`/`name`; without a name, `default_name`, with a number if that is taken.

        Raises:
            RunDirectoryError: the name is taken, or the directory can't be made.
        """
        try:
            runs_dir.mkdir(parents=True, exist_ok=True)
            for number in range(1, 1000):
                run = cls(runs_dir / (name or (default_name if number == 1 else f"{default_name}-{number}")))
                with contextlib.suppress(FileExistsError):
                    run.path.mkdir()
                if run._claim():
                    return run
                if name:
                    raise _taken(run.path)
        except OSError as e:
            raise RunDirectoryError(
                f"{runs_dir}: can't make a run directory there: {e.strerror or e}. Choose another folder for runs."
            ) from None
        raise RunDirectoryError(f"{runs_dir / default_name}: a thousand runs have this name. Choose another name.")

    @classmethod
    def raise_if_taken(cls, runs_dir: Path, name: str) -> None:
        """Fail early if `create` would, before anything is loaded.

        Raises:
            RunDirectoryError: there is a run of this name.
        """
        run = cls(runs_dir / name)
        if name and os.path.lexists(run.path) and not run._is_shell():
            raise _taken(run.path)

    def _is_shell(self) -> bool:
        """Whether it is new, or left over from a run that was killed before it had written anything."""
        try:
            names = {p.name for p in self.path.iterdir() if not p.name.endswith(SUFFIX)}
            return names <= {"lock", "checkpoints"} and not any(self.checkpoints.glob("*"))
        except OSError:
            return False

    def _claim(self) -> bool:
        """Lock it if it is as good as new; False if it holds anything, or if another process was faster."""
        if not self._is_shell() or not self._hold():
            return False
        if not self._is_shell():
            self.close()
            return False
        self.checkpoints.mkdir(exist_ok=True)
        return True

    def lock(self) -> None:
        """Lock the directory until `close`, or until this process ends for whatever reason.

        Raises:
            RunDirectoryError: another process holds the lock; the message names that process.
        """
        try:
            held = self._hold()
        except OSError as e:
            raise RunDirectoryError(f"{self.path}: can't lock it: {e.strerror or e}.") from None
        if not held:
            try:
                holder = (self.path / "lock").read_text(encoding="ascii", errors="replace").strip()
            except OSError:  # deleted by hand
                holder = ""
            raise RunDirectoryError(f"{self.path} is in use by {f'process {holder}' if holder else 'another process'}.")

    def _hold(self) -> bool:
        """Lock both the folder, which nobody deletes or replaces by accident, and the file `lock`, which names the holder.

        On NFS, a lock on a folder holds for one machine only, a lock on a file for all. False if another process has either.

        Raises:
            OSError: the disk refused it.
        """
        try:
            self._folder = os.open(self.path, os.O_RDONLY)
            self._lock = (self.path / "lock").open("a+", encoding="ascii")
        except OSError:
            self.close()
            raise
        folder = _lock_soon(self._folder)
        file = folder is not False and _lock_soon(self._lock)
        if folder is False or file is False:
            self.close()
            return False
        self.exclusive = bool(folder or file)
        try:
            self._lock.truncate(0)
            self._lock.write(str(os.getpid()))
            self._lock.flush()
        except OSError:
            pass  # we have the lock; only the holder's name could not be written
        remove_stale_temp_files(self.path)
        remove_stale_temp_files(self.checkpoints)
        return True

    def write_config(self, content: dict[str, Any]) -> None:
        """Write `config.json` atomically.

        Args:
            content: configuration, versions, device, tuning and the data's fingerprint.

        Raises:
            OSError: the disk refused it.
        """
        write_atomic(self.path / "config.json", (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())

    def append(self, event: Event) -> None:
        """Append an event to `events.jsonl`; see `EventLog.append`."""
        self._log.append(event)

    def close(self) -> None:
        """Close the files and release the lock."""
        self._log.close()
        if self._lock is not None:
            with contextlib.suppress(OSError):  # a full disk again; the content does not matter
                self._lock.close()
        if self._folder is not None:
            os.close(self._folder)
        self._lock = self._folder = None


def _taken(path: Path) -> RunDirectoryError:
    return RunDirectoryError(f"{path} exists. Choose another name, or resume that run.")


def _lock_soon(file: TextIO | int) -> bool | None:
    """`try_lock` for a moment: `is_held`, in another process, holds the lock for as long as it looks."""
    for _ in range(5):
        if (locked := try_lock(file)) is not False:
            return locked
        time.sleep(0.05)
    return False


def read_config(path: Path) -> dict[str, Any]:
    """The settings recorded in a run's `config.json`.

    Raises:
        RunDirectoryError: they can't be read.
        ConfigError: a newer version of the program recorded them.
    """
    try:
        content = json.loads((path / "config.json").read_text(encoding="utf-8"))
        check_version(content.get("version", 1), path)
        return {str(k): v for k, v in content["config"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise RunDirectoryError(
            f"{path / 'config.json'}: can't be read ({type(e).__name__}), so this run can't be resumed: "
            "nothing else holds its settings."
        ) from None
