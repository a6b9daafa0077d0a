"""The run directory: what a run leaves on the disk, readable with standard tools."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import stat
import time
from pathlib import Path
from typing import Any, TextIO

from engine.errors import RunDirectoryError
from engine.events.log import EventLog, last_event
from engine.events.types import Event, RunCompleted
from engine.runtime.atomic_io import SUFFIX, remove_stale_temp_files, try_lock, write_atomic


class RunDirectory:
    """`config.json`, `events.jsonl`, `checkpoints/` and a lock that one process holds at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.alone = False
        """Whether the lock keeps other processes out: not where the file system knows no locks."""
        self._folder: int | None = None
        self._lock: TextIO | None = None
        self._log = EventLog(path / "events.jsonl")

    @classmethod
    def create(cls, runs_dir: Path, name: str, default_name: str) -> RunDirectory:
        """A new directory `runs_dir`/`name`, locked. Without a name, `default_name`, numbered where it is taken.

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
                f"{runs_dir}: can't make a run directory there: {e.strerror or e}. Give another --runs-dir."
            ) from None
        raise RunDirectoryError(f"{runs_dir / default_name}: a thousand runs have this name. Give another --name.")

    @classmethod
    def raise_if_taken(cls, runs_dir: Path, name: str) -> None:
        """Fail at once where `create` will: before anything is loaded.

        Raises:
            RunDirectoryError: there is a run of this name.
        """
        run = cls(runs_dir / name)
        if name and os.path.lexists(run.path) and not run._is_shell():
            raise _taken(run.path)

    def _is_shell(self) -> bool:
        """Whether it is new, or was left by a run that was killed before it had written anything."""
        try:
            names = {p.name for p in self.path.iterdir() if not p.name.endswith(SUFFIX)}
            return names <= {"lock", "checkpoints"} and not any(self.checkpoints.glob("*"))
        except OSError:
            return False

    def _claim(self) -> bool:
        """Hold a directory that is new, or as good as new; False where it holds anything, or another process was faster."""
        if not self._is_shell() or not self._hold():
            return False
        if not self._is_shell():
            self.close()
            return False
        self.checkpoints.mkdir(exist_ok=True)
        return True

    def lock(self) -> None:
        """Hold the directory until `close`, or until this process ends in whatever way.

        Raises:
            RunDirectoryError: another process holds it; the message names that process.
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
        """Lock two things: the folder, which nobody deletes or replaces by accident, and the file `lock`, which tells the
        holder and which NFS, where folders are locked for one machine only, locks for all. False where another has either.

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
        self.alone = bool(folder or file)
        try:
            self._lock.truncate(0)
            self._lock.write(str(os.getpid()))
            self._lock.flush()
        except OSError:
            pass  # the lock holds; only its holder's name could not be written down
        remove_stale_temp_files(self.path)
        remove_stale_temp_files(self.checkpoints)
        return True

    def write_config(self, content: dict[str, Any]) -> None:
        """Write `config.json`, whole: the full configuration, versions, device and the data's fingerprint.

        Raises:
            OSError: the disk refused it.
        """
        write_atomic(self.path / "config.json", (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())

    def append(self, event: Event) -> None:
        """Append an event to `events.jsonl`; see `EventLog.append`."""
        self._log.append(event)

    def close(self) -> None:
        """Close the files and let go of the lock."""
        self._log.close()
        if self._lock is not None:
            with contextlib.suppress(OSError):  # a full disk again; there is nothing in it that matters
                self._lock.close()
        if self._folder is not None:
            os.close(self._folder)
        self._lock = self._folder = None


def _taken(path: Path) -> RunDirectoryError:
    return RunDirectoryError(f"{path} exists. Give another --name, or go on with it: --resume {path}")


def _lock_soon(file: TextIO | int) -> bool | None:
    """As `try_lock`, within a moment: `is_held`, in another process, holds it for as long as it looks."""
    for _ in range(5):
        if (locked := try_lock(file)) is not False:
            return locked
        time.sleep(0.05)
    return False


def checkpoint_name(epoch: int, step: int, steps: int) -> str:
    """File name of the checkpoint at `step` of `steps` in `epoch`, in an order that sorts."""
    return f"epoch-{epoch:04d}.pt" if step >= steps else f"epoch-{epoch:04d}-step-{step:07d}.pt"


def position(path: Path) -> tuple[int, int | None] | None:
    """Epoch and batch (None for the epoch's end) that a checkpoint's name tells; None for any other name."""
    found = re.fullmatch(r"epoch-(\d+)(?:-step-(\d+))?\.pt", path.name)
    return None if found is None else (int(found[1]), int(found[2]) if found[2] else None)


def newest_first(directory: Path) -> list[Path]:
    """The checkpoints in a folder, the furthest in training first; best.pt, a copy of one of them, comes last."""

    def order(path: Path) -> tuple[int, float]:
        epoch, step = position(path) or (0, 0)
        return epoch, float("inf") if step is None else step

    return sorted(filter(_is_file, directory.glob("*.pt")), key=order, reverse=True)


def _is_file(path: Path) -> bool:
    """Whether it is no folder, pipe or the like. Where the disk does not say, whoever reads it will be told."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as e:
        return e.errno != errno.ENOENT


def run_of(resume: Path) -> Path:
    """The run directory of a checkpoint file, or the directory itself.

    Raises:
        RunDirectoryError: the file lies anywhere but among the checkpoints of a run.
    """
    if not resume.is_file():
        return resume
    folder = resume.parent if resume.parent.name else resume.absolute().parent
    if folder.name != "checkpoints":
        raise RunDirectoryError(f"{resume}: it does not lie in the folder 'checkpoints' of a run. Move it there first.")
    return folder.parent


def find_run(runs_dir: Path, spec: str) -> Path:
    """The run directory that `--resume` means: a path, a name under `runs_dir`, or, for "", the newest unfinished run.

    Raises:
        RunDirectoryError: there is none.
    """
    if spec:
        for path in (Path(spec), runs_dir / spec):
            if (path / "checkpoints").is_dir():
                return path if path.name not in ("", "..") else path.resolve()  # "." has no name
        if spec.endswith(".pt"):
            raise RunDirectoryError(f"{spec}: no such checkpoint.")
        raise RunDirectoryError(f"{spec}: no such run, neither as a path nor under {runs_dir}.")
    found = unfinished_runs(runs_dir)
    if not found:
        raise RunDirectoryError(
            f"{runs_dir}: no unfinished run to resume. Name one, or start a new one without --resume."
        )
    return next((path for path in found if not is_held(path)), found[0])  # one that is under way is not left unfinished


def unfinished_runs(runs_dir: Path) -> list[Path]:
    """The runs under `runs_dir` that can be gone on with, the one that saved last first."""
    found = []
    for checkpoints in runs_dir.glob("*/checkpoints"):
        times = [t for p in newest_first(checkpoints) if (t := _changed(p)) is not None]
        if times and not is_finished(checkpoints.parent):
            found.append((max(times), checkpoints.parent))
    return [path for _, path in sorted(found, reverse=True)]


def _changed(path: Path) -> float | None:
    """When a file was last written; None where it is gone, as a checkpoint may be that a living run has just removed."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def is_held(path: Path) -> bool:
    """Whether a living process has a run directory locked."""
    for locked in (path, path / "lock"):
        try:
            file = os.open(locked, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass  # a file system that knows no locks
        finally:
            os.close(file)
    return False


def read_config(path: Path) -> dict[str, Any]:
    """The settings recorded in a run's `config.json`.

    Raises:
        RunDirectoryError: there are none that can be read.
    """
    try:
        recorded = json.loads((path / "config.json").read_text(encoding="utf-8"))["config"]
        return {str(k): v for k, v in recorded.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise RunDirectoryError(
            f"{path / 'config.json'}: can't be read ({type(e).__name__}), so this run can't be resumed: "
            "nothing else tells its settings."
        ) from None


def is_finished(path: Path) -> bool:
    """Whether the last event of a run says that it completed."""
    return isinstance(last_event(path / "events.jsonl"), RunCompleted)


def default_run_name(recipe: str) -> str:
    """Recipe and local time, as in "tutorial-20261124-214402"."""
    return f"{recipe}-{time.strftime('%Y%m%d-%H%M%S')}"
