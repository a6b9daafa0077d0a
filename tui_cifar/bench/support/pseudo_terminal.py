"""A pseudo-terminal and a terminal emulator around a command: types keys, reads the screen as a person would, counts bytes.

A thread of this process takes in what the command writes and notes when; the emulator (pyte) is fed only when the screen
is asked for. So a measurement can look at the screen afterwards, without taking a core from what it measures.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import pyte

KEYS = {
    "space": " ",
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "escape": "\x1b",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "ctrl+c": "\x03",
    "ctrl+l": "\x0c",
    "ctrl+p": "\x10",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A thin line between the command and whoever watches it.

    Args:
        bits: bits a second from the command to the terminal.
        round_trip: seconds for a key to get there and an answer to come back.
    """

    bits: float
    round_trip: float


class Screen(pyte.Screen):  # type: ignore[misc]  # pyte has no annotations
    """pyte's screen; sequences that pyte does not know are left out."""

    def report_device_status(self, mode: int, **kwargs: Any) -> None:
        """No answer: the command asked for none that matters here."""

    def select_graphic_rendition(self, *attrs: int, **kwargs: Any) -> None:
        """pyte knows no private SGR ("CSI > 4 m")."""
        if not kwargs.get("private"):
            super().select_graphic_rendition(*attrs)


class PseudoTerminal:
    """A command in a terminal of its own.

    Args:
        command: program and arguments.
        size: columns and rows.
        env: changes to the environment; None takes a variable away.
        cwd: where to run it.
        line: how thin the line is; None for none.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str | None] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        line: Line | None = None,
    ) -> None:
        self.size, self.line = size, line
        self.chunks: list[tuple[float, bytes]] = []
        """What the command wrote, each with the time (`time.perf_counter`) at which it reached the terminal."""
        self._fed = 0
        self._screen = Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._ended = threading.Event()
        self.master, slave = pty.openpty()
        _set_size(slave, size)
        values: dict[str, str | None] = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
            **dict.fromkeys(("SSH_CONNECTION", "SSH_TTY", "NO_COLOR", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE")),
            **(env or {}),
        }
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=cwd,
            env={k: v for k, v in values.items() if v is not None},
            preexec_fn=_take_terminal,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- what it writes -------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Take in what the command writes; on a thin line no faster than it carries."""
        free = 0.0
        while True:
            try:
                if self.line is None:
                    data = os.read(self.master, 65536)
                else:
                    select.select([self.master], [], [])
                    time.sleep(max(0.0, free - time.perf_counter()))
                    data = os.read(self.master, 1024)
            except (OSError, ValueError):
                data = b""
            if not data:
                break
            now = time.perf_counter()
            if self.line is None:
                self.chunks.append((now, data))
            else:
                free = max(free, now) + len(data) * 8 / self.line.bits
                self.chunks.append((free + self.line.round_trip / 2, data))
        self._ended.set()

    @property
    def bytes(self) -> int:
        """Bytes that reached the terminal so far."""
        return sum(len(data) for _, data in self.chunks)

    def bytes_between(self, start: float, end: float) -> int:
        """Bytes that reached the terminal in a stretch of time."""
        return sum(len(data) for at, data in self.chunks if start <= at < end)

    def bytes_each_second(self, start: float, end: float) -> list[int]:
        """The same for each whole second of the stretch."""
        return [self.bytes_between(t, t + 1) for t in _seconds(start, end)]

    # -- what it shows ----------------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The screen now, as lines."""
        while self._feed() is not None:
            pass
        return self._text()

    @property
    def cells(self) -> Any:
        """The screen's characters with their colours, by row and column (pyte's buffer)."""
        self.text()
        return self._screen.buffer

    def _text(self) -> str:
        return "\n".join(line.rstrip() for line in self._screen.display)

    def _feed(self) -> float | None:
        """Show the next of what was written; the time it came, None where there is nothing more."""
        if self._fed >= len(self.chunks) or self.chunks[self._fed][0] > time.perf_counter():
            return None
        at, data = self.chunks[self._fed]
        self._fed += 1
        self._stream.feed(data)
        return at

    def until(self, pattern: str, seconds: float = 60.0) -> float:
        """Wait until the screen shows the pattern; the time at which it came.

        Raises:
            TimeoutError: it never did; the message holds the screen.
        """
        wanted = re.compile(pattern)
        last, deadline = self.started, time.perf_counter() + seconds
        if wanted.search(self._text()):
            return last
        while True:
            at = self._feed()
            if at is not None:
                last = at
                if wanted.search(self._text()):
                    return last
            elif time.perf_counter() > deadline or (self._ended.is_set() and self._fed >= len(self.chunks)):
                raise TimeoutError(f"never seen: {pattern}\n{self._text()}")
            else:
                time.sleep(0.005)

    def after(self, sent: float, pattern: str) -> float | None:
        """From what has been written already: when, after `sent`, the screen first showed the pattern; None if never."""
        wanted = re.compile(pattern)
        while (at := self._feed()) is not None:
            if at >= sent and wanted.search(self._text()):
                return at
        return None

    # -- what is done to it -------------------------------------------------------------------------------------------------

    def send(self, keys: str) -> float:
        """Press a key, or type a text; the time at which it was done."""
        at, data = time.perf_counter(), KEYS.get(keys, keys).encode()
        if self.line is None:
            os.write(self.master, data)
        else:
            threading.Timer(self.line.round_trip / 2, os.write, (self.master, data)).start()
        return at

    def resize(self, size: tuple[int, int]) -> None:
        """Give the terminal another size."""
        self.text()
        self.size = size
        self._screen.resize(size[1], size[0])
        _set_size(self.master, size)

    def wait(self, seconds: float = 60.0) -> int:
        """Wait for the command to end; its exit code."""
        code = self.process.wait(seconds)
        self._ended.wait(5)
        return code

    def close(self) -> None:
        """End the command: politely, then not."""
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                continue
        self._ended.wait(5)
        try:
            os.close(self.master)
        except OSError:
            pass


def _set_size(fd: int, size: tuple[int, int]) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))


def _take_terminal() -> None:
    """In the child: its standard input is the terminal that controls it, so that resizing sends it SIGWINCH."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _seconds(start: float, end: float) -> list[float]:
    return [start + i for i in range(int(end - start))]
