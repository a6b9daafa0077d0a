"""`host.json`: which process trains a run, and the address of its control socket.

The process writes it to the run directory once it holds the run's lock, and removes it when the run ends. If the process is
killed, the file stays behind: see `HostFile.is_running`.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.remote.processes import boot_id, hostname, is_running, process_start
from engine.remote.small_files import is_time, read_object, replace_file

NAME = "host.json"
VERSION = 1
MAX_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFile:
    """The process that trains a run, as described by itself."""

    pid: int
    process_start: int
    """In clock ticks since boot, to tell the process from a later one with the same id; 0 if unknown."""
    hostname: str
    boot_id: str
    uid: int
    socket: str
    """Absolute path of the control socket; "" if there is none."""
    since: float
    """When the process started to serve the run, in Unix seconds."""
    inode: int
    """Inode of the run directory. In a copy of the directory, which has another inode, the file means nothing."""

    @classmethod
    def of_this_process(cls, directory: Path, socket: str) -> HostFile:
        """Describe this process, which trains the run in `directory`."""
        return cls(
            pid=os.getpid(),
            process_start=process_start(os.getpid()),
            hostname=hostname(),
            boot_id=boot_id(),
            uid=os.geteuid(),
            socket=socket,
            since=time.time(),
            inode=directory.stat().st_ino,
        )

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, a process of this machine since the last boot."""
        return self.hostname == hostname() and self.boot_id == boot_id()

    @property
    def is_running(self) -> bool:
        """Whether the process, which must be one of this machine, still exists."""
        return is_running(self.pid, self.process_start)


def write_host_file(directory: Path, host: HostFile) -> None:
    """Write `host.json`.

    Raises:
        OSError: it can't be written.
    """
    replace_file(directory / NAME, {"version": VERSION, **dataclasses.asdict(host)})


def read_host_file(directory: Path) -> HostFile | None:
    """The content of a run's `host.json`; None if there is no such file, or it is invalid or of another version."""
    raw = read_object(directory / NAME, MAX_BYTES)
    if raw is None or raw.get("version") != VERSION:
        return None
    values = {name: raw.get(name) for name in _CHECKS}
    if not all(fits(values[name]) for name, fits in _CHECKS.items()):
        return None
    return HostFile(**values)  # type: ignore[arg-type]


def remove_host_file(directory: Path, host: HostFile) -> None:
    """Remove `host.json`, unless another process has replaced it."""
    if read_host_file(directory) == host:
        try:
            (directory / NAME).unlink()
        except OSError:
            pass  # readers will see that the process is gone


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value < high


def _text(most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= most and "\0" not in value


def _is_socket_path(value: Any) -> bool:
    return _text(107)(value) and (value == "" or value.startswith("/"))


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "pid": _integer(1, 2**31),
    "process_start": _integer(0, 2**63),
    "hostname": _text(255),
    "boot_id": _text(64),
    "uid": _integer(0, 2**32),
    "socket": _is_socket_path,
    "since": is_time,
    "inode": _integer(0, 2**64),
}
