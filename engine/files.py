"""Writing files so that each is whole or not there, whatever ends the process in between."""

from __future__ import annotations

import errno
import os
from pathlib import Path

SUFFIX = ".tmp"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that at every moment `path` is the old file, the new one, or absent: never a part.

    A temporary file beside it is written, synced and read back, and only then renamed over `path`.

    Raises:
        OSError: it could not be written, or did not read back the same; `path` is as it was, no temporary file stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
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


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that a killed process left in a folder that nobody else writes to now."""
    for path in folder.glob(f".*{SUFFIX}"):
        try:
            path.unlink()
        except OSError:
            pass  # it costs space and nothing else
