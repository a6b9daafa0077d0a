"""Writing files so that each is whole or not there, whatever ends the process in between."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from pathlib import Path
from typing import IO, Any

SUFFIX = ".tmp"


def path_exists(path: Path) -> bool:
    """Whether there is anything; False too where the disk does not say, on which `Path.exists` raises."""
    return os.path.exists(path)  # noqa: PTH110


def expand_path(path: str) -> Path:
    """With "~" and "~user" as the home that they stand for, where there is one; `Path.expanduser` raises where not."""
    return Path(os.path.expanduser(path))  # noqa: PTH111


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that at every moment `path` is the old file, the new one, or absent: never a part.

    A temporary file beside it is written, synced and read back, and only then renamed over `path`. The folder must be there:
    that of a run which was moved away is not made anew for one file.

    Raises:
        OSError: it could not be written, or did not read back the same; `path` is as it was, no temporary file stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{SUFFIX}")
    try:
        with temporary.open("wb") as f:
            f.write(content)
            f.flush()
            os.fsync(f.fileno())
        if temporary.read_bytes() != content:
            raise OSError(errno.EIO, "the file does not read back as written", str(path))
        temporary.replace(path)
    except BaseException:
        try:
            temporary.unlink(missing_ok=True)
        except OSError:
            pass  # the disk that refused to write may refuse this too
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    """Make a rename in a folder last; some file systems know no such thing."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    except OSError as e:
        if e.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(directory)


def try_lock(file: IO[Any] | int) -> bool | None:
    """Lock an open file or folder until it is closed, or its process ends in whatever way; False where another holds it.

    None where the file system knows no locks (ENOLCK, ENOSYS, EOPNOTSUPP, …), or wants the file open for writing (EBADF, on
    NFS). A file that stands for a lock would be no better there: after a crash nobody could tell whether a process on another
    machine still holds it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def remove_stale_temp_files(folder: Path) -> None:
    """Remove the temporary files that a killed process left in a folder that nobody else writes to now."""
    for path in folder.glob(f".*{SUFFIX}"):
        try:
            path.unlink()
        except OSError:
            pass  # it costs space and nothing else


def remove_temp_files_of_dead_processes(folder: Path) -> None:
    """Remove hidden files and folders named after a process (`.name.PID` or `.name.PID.tmp`) that is no more."""
    for path in folder.glob(".*"):
        number = path.name.removesuffix(SUFFIX).rpartition(".")[2]
        if not number.isdigit() or _lives(int(number)):
            continue
        try:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        except OSError:
            pass  # it costs space and nothing else


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # somebody else's process
    return True
