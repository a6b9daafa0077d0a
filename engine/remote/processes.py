"""Identifying processes of this machine over time. A process id alone does not: the kernel reuses it."""

from __future__ import annotations

import functools
import os
import socket
from pathlib import Path


def process_start(pid: int) -> int:
    """When a process started, in clock ticks since boot (field 22 of /proc/PID/stat); 0 if it is gone, or there is no /proc.

    A zombie counts as gone.
    """
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        fields = line.rpartition(")")[2].split()  # the name, in parentheses, may contain anything
        return 0 if fields[0] in "ZX" else int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0


def is_running(pid: int, start: int) -> bool:
    """Whether the process with this id and `process_start` still exists."""
    if Path("/proc/self/stat").exists():
        return start != 0 and process_start(pid) == start
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # somebody else's process
    return True


@functools.cache
def boot_id() -> str:
    """A random id that this machine gets at every boot; "" where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def hostname() -> str:
    """The name of this machine or container."""
    return socket.gethostname()
