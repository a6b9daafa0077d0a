"""The states of a run, and whether the process that trains it still exists."""

from __future__ import annotations

import fcntl
import os
from enum import StrEnum
from pathlib import Path

from engine.remote.host_file import HostFile
from engine.remote.processes import boot_id, hostname


class State(StrEnum):
    """The states of a run."""

    PREPARING = "preparing"
    TRAINING = "training"
    VALIDATING = "validating"
    TESTING = "testing"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    CRASHED = "crashed"
    """The process is gone, and the log has no terminal event."""
    UNKNOWN = "unknown"
    """The log has no terminal event, the process is on another machine, and the files have not changed for a while."""

    @property
    def is_live(self) -> bool:
        """Whether a process is working on the run."""
        return self in (State.PREPARING, State.TRAINING, State.VALIDATING, State.TESTING, State.PAUSED)

    @property
    def can_be_resumed(self) -> bool:
        """Whether the run ended before all epochs were trained."""
        return self in (State.STOPPED, State.FAILED, State.CRASHED)


def is_alive(directory: Path, host: HostFile | None) -> bool | None:
    """Whether a process is working on a run; None if this machine can't tell.

    Args:
        directory: the run directory.
        host: the content of its `host.json`.
    """
    locked = is_locked(directory)
    if locked or host is None:
        return locked
    same_boot, same_name = host.boot_id == boot_id(), host.hostname == hostname()
    if same_boot and same_name:
        # The lock is free for a moment while the process hands the run over. A copied directory has another inode.
        return host.is_running and _inode(directory) == host.inode
    if same_boot or same_name:  # another container on this machine, or this machine before its last boot
        return locked
    return None


def is_locked(directory: Path) -> bool | None:
    """Whether a process holds the lock of a run directory; None if the file system does not support locks.

    The test takes a shared lock for a moment; `RunDirectory.lock` waits for longer than that.
    """
    known = None
    for path in (directory, directory / "lock"):
        try:
            file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            continue
        else:
            known = False
        finally:
            os.close(file)
    return known


def _inode(directory: Path) -> int | None:
    try:
        return directory.stat().st_ino
    except OSError:
        return None
