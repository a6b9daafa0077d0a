"""`events.jsonl`: the log of a run's events, one JSON object a line."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from engine.events.codec import from_json, to_json
from engine.events.types import Event

MAX_PENDING = 2**20
"""Bytes of events kept in memory while the disk refuses them."""
THIN_BYTES = 8 * 2**20
"""Size of a log from which on a thinned read skips loss samples."""
_SAMPLE = '{"event": "loss_sampled"'


class EventLog:
    """Appends events to a log file, which is created with the first one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None
        self._pending = b""

    def append(self, event: Event) -> None:
        """Append one line.

        If the disk refuses it, the file is left as it was and the event is kept for the next call, behind those refused
        before it: up to `MAX_PENDING` bytes, beyond which the newest are dropped.

        Raises:
            OSError: the disk refused it.
            ValueError: the event holds a number that is not finite.
        """
        line = (to_json(event) + "\n").encode()
        if len(self._pending) + len(line) <= MAX_PENDING:
            self._pending += line
        if self._file is None:
            self._remove_torn_line()
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        self._raise_if_moved(self._file)
        size = os.fstat(self._file).st_size
        written = 0
        try:
            while written < len(self._pending):
                written += os.write(self._file, self._pending[written:])
        except OSError:
            if written and stat.S_ISREG(os.fstat(self._file).st_mode):
                os.ftruncate(self._file, size)
            raise
        self._pending = b""

    def close(self) -> None:
        """Close the file; the next `append` opens it again."""
        if self._file is not None:
            with contextlib.suppress(
                OSError
            ):  # a network file system may report a lost write only now: too late to react
                os.close(self._file)
            self._file = None

    def _raise_if_moved(self, file: int) -> None:
        """Raise FileNotFoundError if the open file is no longer the one at `path`: its folder was moved or deleted."""
        try:
            same = os.path.samestat(os.fstat(file), self.path.stat())
        except FileNotFoundError:
            same = False
        if not same:
            raise FileNotFoundError(errno.ENOENT, "the run directory was moved or deleted", str(self.path.parent))

    def _remove_torn_line(self) -> None:
        """Truncate a last line that a killed process left incomplete, so that the next event starts on its own line."""
        if not self.path.is_file():
            return
        with self.path.open("rb+") as f:
            end = whole = f.seek(0, os.SEEK_END)
            while whole > 0:  # backwards, because the log of a long run is large
                start = max(0, whole - 65536)
                f.seek(start)
                newline = f.read(whole - start).rfind(b"\n")
                if newline >= 0:
                    whole = start + newline + 1
                    break
                whole = start
            if whole < end:
                f.truncate(whole)


def read_events(path: Path, *, thinned: bool = False) -> Iterator[Event]:
    """The events in a log. Lines that are torn or of an unknown kind are skipped.

    Args:
        path: the `events.jsonl`.
        thinned: of a log larger than `THIN_BYTES`, give only every n-th `LossSampled`. Nearly all lines are loss samples,
            and a curve needs only some of them: so a log of ten thousand epochs is read in a second.

    Raises:
        OSError: the file can't be read.
    """
    with path.open(encoding="utf-8", errors="replace") as f:
        stride = 1 + os.fstat(f.fileno()).st_size // THIN_BYTES if thinned else 1
        samples = 0
        for line in f:
            if stride > 1 and line.startswith(_SAMPLE):
                samples += 1
                if samples % stride:
                    continue
            try:
                yield from_json(line)
            except ValueError:
                continue


def last_event(path: Path) -> Event | None:
    """The event on the last line of a log; None if that line is no event, is longer than 4 KB, or can't be read."""
    try:
        with path.open("rb") as f:
            f.seek(max(0, f.seek(0, os.SEEK_END) - 4096))
            last = f.read().decode("utf-8", "replace").rstrip().rsplit("\n", 1)[-1]
        return from_json(last)
    except (OSError, ValueError):
        return None
