"""Reading a run's event log while another process writes it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from engine.events.codec import from_json
from engine.events.log import THIN_BYTES
from engine.events.types import Event

_CHUNK = 2**20
_MAX_LINE = 2**24
"""Bytes of the longest line that is read. No event is longer."""
_HEAD = 64
_REMEMBERED = 64
_SAMPLE = b'{"event": "loss_sampled"'


class LogFollower:
    """Reads an `events.jsonl` as it grows: complete lines only, and each of them once.

    The log may also be truncated, as its writer does after a write that a full disk cut short, or replaced. Lines that are
    then written again unchanged are not returned again; a different log is read from its beginning.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0
        """Offset up to which the log has been read."""
        self._head = b""
        """The first bytes of the log, to recognize it by."""
        self._given: dict[int, int] = {}
        """Hashes of the most recently read lines, by offset."""
        self._in_long_line = False

    def read(self, end: int | None = None) -> Iterator[Event]:
        """The events appended since the last call. Lines of an unknown kind are skipped, as are most loss samples of huge logs.

        A log that does not exist yet has no events.

        Args:
            end: read only up to this offset, the end of a line.

        Raises:
            OSError: the log can't be read.
        """
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode):
                raise OSError("not a regular file")
            self._realign(file, found.st_size)
            end = found.st_size if end is None else min(end, found.st_size)
            stride, samples = 1 + max(0, end - self.position) // THIN_BYTES, 0
            for line in self._new_lines(file, end):
                if stride > 1 and line.startswith(_SAMPLE):
                    samples += 1
                    if samples % stride:
                        continue
                try:
                    yield from_json(line.decode("utf-8", "replace"))
                except ValueError:
                    continue
        finally:
            os.close(file)

    def skip_to(self, offset: int) -> None:
        """Continue at an offset. The events before it are known from elsewhere."""
        self.position = offset
        self._given.clear()

    def _realign(self, file: int, size: int) -> None:
        """Move back if the log was truncated, rewritten or replaced. `_is_new` then skips the lines that are unchanged."""
        if os.pread(file, len(self._head), 0) != self._head:
            self.position, self._head, self._in_long_line = 0, b"", False
            self._given.clear()
        elif size < self.position or not self._is_last_line_the_same(file):
            self.position = min((start for start in self._given if start <= size), default=min(size, self.position))

    def _is_last_line_the_same(self, file: int) -> bool:
        if not self._given:
            return True
        start, value = next(reversed(self._given.items()))
        return hash(os.pread(file, max(0, self.position - 1 - start), start)) == value

    def _new_lines(self, file: int, end: int) -> Iterator[bytes]:
        """The complete lines between `position` and `end` that were not returned before."""
        length = _CHUNK
        while self.position < end:
            chunk = os.pread(file, min(length, end - self.position), self.position)
            whole = chunk.rfind(b"\n") + 1
            if not whole:
                if len(chunk) < length:
                    return  # the line is not complete yet
                length *= 2
                if length > _MAX_LINE:
                    self.skip_to(self.position + len(chunk))
                    self._in_long_line, length = True, _CHUNK
                continue
            length = _CHUNK
            for line in chunk[:whole].split(b"\n")[:-1]:
                start, self.position = self.position, self.position + len(line) + 1
                if self._in_long_line:
                    self._in_long_line = False
                elif self._is_new(start, line):
                    yield line

    def _is_new(self, start: int, line: bytes) -> bool:
        if start == 0:
            self._head = line[:_HEAD]
        if self._given.get(start) == hash(line):
            return False
        if self._given and next(reversed(self._given)) >= start:  # the log was rewritten from here on
            self._given = {at: value for at, value in self._given.items() if at < start}
        self._given[start] = hash(line)
        if len(self._given) > _REMEMBERED:
            del self._given[next(iter(self._given))]
        return True
