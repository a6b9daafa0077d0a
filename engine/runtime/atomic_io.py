"""Files that are always whole, whatever ends the process while they are written; locks; leftovers of killed processes."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from pathlib import Path
from typing import IO, Any

SUFFIX = ".tmp"


def path_exists(path: Path) -> bool:
    """Whether the path exists; also False if the disk does not answer, where `Path.exists` raises."""
    return os.path.exists(path)  # noqa: PTH110


def expand_path(path: str) -> Path:
    """Replace "~" and "~user" by the home directory. Without one, they stay as they are, where `Path.expanduser` raises."""
    return Path(os.path.expanduser(path))  # noqa: PTH111


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that `path` is at every moment the old file, the new file, or absent, but never a part.

    A temporary file beside it is written, synced and read back, and only then renamed to `path`. The folder has to exist: it
    is not created for a run that was moved away.

    Raises:
        OSError: it could not be written, or did not read back the same. `path` is unchanged and no temporary file remains.
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
            pass  # a disk that refused to write may refuse this too
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    """Make a rename in a folder durable, on file systems that support it."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    except OSError as e:
        if e.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(directory)


def try_lock(file: IO[Any] | int) -> bool | None:
    """Lock an open file or folder until it is closed, or this process ends for whatever reason.

    Returns:
        False if another process holds the lock. None if the file system does not support locks (ENOLCK, ENOSYS, EOPNOTSUPP,
        …) or requires the file to be open for writing (EBADF, on NFS). A lock file would not help there: after a crash,
        nobody could tell whether a process on another machine still holds it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def remove_stale_temp_files(folder: Path) -> None:
    """Remove the temporary files that a killed process left in a folder. Nobody else may be writing to it."""
    for path in folder.glob(f".*{SUFFIX}"):
        try:
            path.unlink()
        except OSError:
            pass  # it only costs space


def remove_temp_files_of_dead_processes(folder: Path) -> None:
    """Remove hidden files and folders named after a process (`.name.PID` or `.name.PID.tmp`) that no longer exists."""
    for path in folder.glob(".*"):
        number = path.name.removesuffix(SUFFIX).rpartition(".")[2]
        if not number.isdigit() or _is_alive(int(number)):
            continue
        try:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        except OSError:
            pass  # it only costs space


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # a process of another user
    return True
