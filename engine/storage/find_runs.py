"""Finding runs: by name or path, the unfinished ones, and whether one is in use."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from engine.errors import RunDirectoryError
from engine.events.log import last_event
from engine.events.types import RunCompleted
from engine.storage.checkpoint_files import newest_first


def find_run(runs_dir: Path, spec: str) -> Path:
    """The run directory that a user means.

    Args:
        runs_dir: folder of all runs.
        spec: a path, or a name under `runs_dir`; "" for the newest unfinished run, if possible one that is not in use.

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
        raise RunDirectoryError(f"{runs_dir}: no unfinished run to resume. Name one, or start a new run.")
    return next((path for path in found if not is_held(path)), found[0])


def run_of(resume: Path) -> Path:
    """The run directory that a checkpoint file belongs to; any other path is returned as it is.

    Raises:
        RunDirectoryError: the file is not in the folder of checkpoints of a run.
    """
    if not resume.is_file():
        return resume
    folder = resume.parent if resume.parent.name else resume.absolute().parent
    if folder.name != "checkpoints":
        raise RunDirectoryError(f"{resume}: it is not in the folder 'checkpoints' of a run. Move it there first.")
    return folder.parent


def unfinished_runs(runs_dir: Path) -> list[Path]:
    """The runs under `runs_dir` that can be resumed, the one that saved last first."""
    found = []
    for checkpoints in runs_dir.glob("*/checkpoints"):
        times = [t for p in newest_first(checkpoints) if (t := _modified(p)) is not None]
        if times and not is_finished(checkpoints.parent):
            found.append((max(times), checkpoints.parent))
    return [path for _, path in sorted(found, reverse=True)]


def is_finished(path: Path) -> bool:
    """Whether the last event of a run says that it completed."""
    return isinstance(last_event(path / "events.jsonl"), RunCompleted)


def is_held(path: Path) -> bool:
    """Whether a living process has locked a run directory."""
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
            pass  # a file system without locks
        finally:
            os.close(file)
    return False


def default_run_name(recipe: str) -> str:
    """Recipe and local time, as in "tutorial-20261124-214402"."""
    return f"{recipe}-{time.strftime('%Y%m%d-%H%M%S')}"


def _modified(path: Path) -> float | None:
    """When a file was last written; None if it is gone, as a checkpoint may be that a living run has just removed."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None
