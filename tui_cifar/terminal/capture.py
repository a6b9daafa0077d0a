"""Keeps what libraries print off the screen: file descriptors 1 and 2 lead to a file, the screen is drawn on a copy of the terminal.

A file, not a pipe, because a library that prints while it holds the interpreter would wait for ever for a reader in the
same process, and because what a crash leaves behind is then on the disk.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path
from types import TracebackType

MAX_BYTES = 8 * 2**20
"""What the file may grow to; then its older lines are dropped."""
READ_BYTES = 64 * 1024
"""Read at a time: a flood is shown in part, and lies in the file."""

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)?|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """A line without escape sequences and control characters, which could move the cursor."""
    return _CONTROL.sub("", text).expandtabs(4)


class TerminalFile(io.TextIOBase):
    """The terminal, for a screen to be drawn on. A terminal that has gone away is noted and no error."""

    encoding = "utf-8"

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.broken = False
        """Whether it can't be written to any more."""

    def write(self, text: str) -> int:
        """Write all of it."""
        content = text.encode("utf-8", "replace")
        while content and not self.broken:
            try:
                content = content[os.write(self.descriptor, content) :]
            except BlockingIOError:  # a shell left it so
                os.set_blocking(self.descriptor, True)
            except OSError:
                self.broken = True
        return len(text)

    def fileno(self) -> int:
        """Its descriptor."""
        return self.descriptor

    def isatty(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes."""
        return True


class Capture:
    """While entered, `terminal` is the only way to the screen; what is printed comes out of `lines` and lies in a file."""

    def __init__(self) -> None:
        self.terminal = TerminalFile(-1)
        self.path: Path | None = None
        """The file, once it was given one that stays."""
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
        # Textual asks these for the terminal's size and draws on the second one.
        sys.__stdout__ = sys.__stderr__ = self.terminal  # type: ignore[assignment,misc]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):  # a full disk under the file
                    stream.flush()
        self.give_back()
        os.close(self._file)

    def give_back(self) -> None:
        """Let prints go where they went before."""
        sys.__stdout__, sys.__stderr__ = self._streams  # type: ignore[misc]
        for target, saved in zip((1, 2), self._saved, strict=False):
            os.dup2(saved, target)
            os.close(saved)
        self._saved = []

    def move(self, path: Path) -> None:
        """Go on in `path`, with what was printed so far; where that can't be opened all stays as it is."""
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
            pass  # a full disk; the lines are on the screen
        self.path, self._at = path, os.fstat(file).st_size
        os.close(old)

    def write(self, line: str) -> None:
        """Add a line of the program's own to the file alone; it does not come out of `lines`."""
        try:
            before = os.fstat(self._file).st_size
            if before == self._at:  # else it comes out with the others that wait to be read, which does no harm
                self._at += os.write(self._file, line.encode("utf-8", "replace") + b"\n")
            else:
                os.write(self._file, line.encode("utf-8", "replace") + b"\n")
        except OSError:
            pass  # a full disk; the line is on the screen

    def lines(self) -> list[str]:
        """The whole lines that were printed since the last call, fit for a screen; the newest where there were very many."""
        try:
            size = os.fstat(self._file).st_size
            if size < self._at:  # somebody emptied the file
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
    """A file without a name, for what is printed before there is a run directory; /dev/null where there is no place."""
    try:
        descriptor, name = tempfile.mkstemp(prefix="cifar-tui-")
        os.close(descriptor)
        descriptor = os.open(name, os.O_RDWR | os.O_APPEND)
        Path(name).unlink()
        return descriptor
    except OSError:
        return os.open(os.devnull, os.O_RDWR | os.O_APPEND)
