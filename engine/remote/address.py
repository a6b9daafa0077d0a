"""Where control sockets are: in a directory that only this user can enter, under short random names."""

from __future__ import annotations

import os
import re
import secrets
import socket
import stat
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

MAX_PATH = 100
"""Bytes in the path of a socket. Linux allows 107, macOS 103."""
_BACKLOG = 64
_NAME = re.compile(r"[0-9a-f]{16}\.sock")


def socket_directories() -> Iterator[Path]:
    """The candidate directories for control sockets, best first. They may not exist yet."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        yield Path(runtime) / "cifar-tui"
    own = f"cifar-tui-{os.geteuid()}"
    try:
        yield Path(tempfile.gettempdir()).absolute() / own
    except OSError:
        pass  # there is no usable temporary directory
    yield Path("/tmp") / own


def is_private(directory: Path) -> bool:
    """Whether a path is a directory (no symbolic link) that belongs to this user and that nobody else can enter."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == 0o700


def listen() -> tuple[socket.socket, Path]:
    """Create a control socket. Returns the listening socket, in non-blocking mode, and its path.

    Raises:
        OSError: no directory is usable; the message gives the reason for each, in one line.
    """
    reasons: dict[Path, str] = {}
    for directory in socket_directories():
        if directory in reasons:
            continue
        path = directory / f"{secrets.token_hex(8)}.sock"
        if len(os.fsencode(path)) > MAX_PATH:
            reasons[directory] = "the path is too long"
            continue
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
            if not is_private(directory):
                reasons[directory] = "not a directory that only this user can enter"
                continue
            remove_stale_sockets(directory)
            return _bind(path), path
        except OSError as e:
            reasons[directory] = e.strerror or str(e)
    raise OSError("; ".join(f"{directory}: {reason}" for directory, reason in reasons.items()))


def _bind(path: Path) -> socket.socket:
    """Bind under another name and rename once it listens, so that a socket that refuses connections is always a stale one."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    temporary = path.with_suffix(".new")
    try:
        listener.bind(os.fspath(temporary))
        temporary.chmod(0o600)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
        temporary.rename(path)
    except OSError:
        listener.close()
        temporary.unlink(missing_ok=True)
        raise
    return listener


def is_control_socket(path: Path) -> bool:
    """Whether a path is that of a socket which `listen` made for this user; the file may come from anywhere else all the same."""
    try:
        named = _NAME.fullmatch(path.name) is not None and len(os.fsencode(path)) <= MAX_PATH
        return named and is_private(path.parent) and stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:
        return False


def remove_stale_sockets(directory: Path) -> None:
    """Remove the sockets in a directory that were left behind by killed processes."""
    try:
        with os.scandir(directory) as entries:
            paths = [Path(entry.path) for entry in entries]
    except OSError:
        return
    for path in paths:
        remove_if_stale(path)


def remove_if_stale(path: Path) -> None:
    """Remove a control socket of this user if no process listens on it. Anything else is left alone."""
    if not is_control_socket(path):
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            probe.connect(os.fspath(path))
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
    except OSError:
        pass  # its process is busy, or it was removed in the meantime


def peer_uid(connection: socket.socket) -> int:
    """The user id of the process at the other end of a connection.

    Where the system does not tell, this user's: only this user can enter the directory of the socket.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        return os.geteuid()
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return int(uid) % 2**32
