"""Keeps what libraries print off the screen: file descriptors 1 and 2 lead to a file, and the screen has a duplicate of its own.

A file and not a pipe, because a library that prints while it holds the interpreter's lock would wait for ever for a reader in
the same process, and because the last words before a crash are then on the disk.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path

MAX_BYTES = 8 * 2**20
"""The size at which the file is emptied."""
READ_BYTES = 64 * 1024
"""The most that is read at a time; of a flood, the rest is only in the file."""

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)?|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """A line without escape sequences and control characters, which could move the cursor; tabs become spaces."""
    return _CONTROL.sub("", text).expandtabs(4)


class TerminalFile(io.TextIOBase):
    """The terminal, as a text file to draw the screen on. If the terminal is gone, writes do nothing and set `broken`."""

    encoding = "utf-8"

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.broken = False
        """Whether a write has failed."""

    def write(self, text: str) -> int:
        content = text.encode("utf-8", "replace")
        while content and not self.broken:
            try:
                content = content[os.write(self.descriptor, content) :]
            except BlockingIOError:  # another program left it in non-blocking mode
                os.set_blocking(self.descriptor, True)
            except OSError:
                self.broken = True
        return len(text)

    def fileno(self) -> int:
        return self.descriptor

    def isatty(self) -> bool:
        return True

    def writable(self) -> bool:
        return True


class Capture:
    """A context in which only `terminal` leads to the screen; everything else that is printed goes to a file, and to `lines`."""

    def __init__(self) -> None:
        self.terminal = TerminalFile(-1)
        self.path: Path | None = None
        """The file that `move` has opened."""
        self._saved: list[int] = []
        self._streams = (sys.__stdout__, sys.__stderr__)
        self._file = -1
        self._at = 0
        self._rest = b""

    def __enter__(self) -> Capture:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        self._saved = [os.dup(1), os.dup(2)]
        self.terminal = TerminalFile(os.dup(1))
        self._file = _temporary()
        self._redirect()
        # Textual asks both for the size of the terminal, and draws on the second.
        sys.__stdout__ = sys.__stderr__ = self.terminal  # type: ignore[assignment,misc]
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):  # a full disk under the file
                    stream.flush()
        sys.__stdout__, sys.__stderr__ = self._streams  # type: ignore[misc]
        for target, saved in zip((1, 2), self._saved, strict=False):
            os.dup2(saved, target)
            os.close(saved)
        self._saved = []
        os.close(self._file)

    def move(self, path: Path) -> None:
        """Append to the file `path` from now on, beginning with what was printed so far; do nothing if it can't be opened."""
        try:
            file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        except OSError:
            return
        old, self._file = self._file, file
        self._redirect()
        try:
            if self.path is None:
                os.write(file, os.pread(old, READ_BYTES, 0))
        except OSError:
            pass  # a full disk; the screen shows the lines
        self.path, self._at = path, os.fstat(file).st_size
        os.close(old)

    def write(self, line: str) -> None:
        """Append a line to the file, but not to `lines`."""
        try:
            before = os.fstat(self._file).st_size
            written = os.write(self._file, line.encode("utf-8", "replace") + b"\n")
            if before == self._at:  # otherwise there are unread lines before it, and it is read with them: no harm
                self._at += written
        except OSError:
            pass  # a full disk; the screen shows the line

    def lines(self) -> list[str]:
        """The complete lines that were printed since the last call, made printable; only the newest of a great many."""
        try:
            size = os.fstat(self._file).st_size
            if size < self._at:  # someone emptied the file
                self._at = 0
            if size - self._at > READ_BYTES:
                self._at, self._rest = size - READ_BYTES, b""
            new = os.pread(self._file, READ_BYTES, self._at) if size > self._at else b""
            self._at += len(new)
            if size > MAX_BYTES:
                os.ftruncate(self._file, 0)
                self._at = 0
        except OSError:
            return []
        *whole, self._rest = (self._rest + new).split(b"\n")
        if len(self._rest) > 4096:
            whole, self._rest = [*whole, self._rest], b""
        texts = (printable(line.decode("utf-8", "replace")) for line in whole)
        return [text for text in texts if text.strip()]

    def _redirect(self) -> None:
        for target in (1, 2):
            os.dup2(self._file, target)


def _temporary() -> int:
    """A deleted temporary file, for what is printed before there is a run directory; /dev/null if none can be created."""
    try:
        descriptor, name = tempfile.mkstemp(prefix="cifar-tui-")
        os.close(descriptor)
        descriptor = os.open(name, os.O_RDWR | os.O_APPEND)
        Path(name).unlink()
        return descriptor
    except OSError:
        return os.open(os.devnull, os.O_RDWR | os.O_APPEND)
