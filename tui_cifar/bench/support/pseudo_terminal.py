"""A pseudo-terminal with a terminal emulator: run a command in it, type keys, read the screen as a person would, count bytes.

A thread takes in what is written to the terminal and notes when; the emulator (pyte) is fed only when the screen is asked for.
So a measurement can look at the screen afterwards, without taking a core from what it measures.
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

from engine.errors import EngineError

try:
    import pyte
except ModuleNotFoundError:
    raise EngineError("This benchmark needs a terminal emulator: pip install 'cifar-tui[bench]'.") from None

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
SCREEN_ENV = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
"""The environment of a command that draws in full colour."""
MODES = {"alternate screen": "1049", "mouse": "1000", "mouse moves": "1003", "focus": "1004", "paste": "2004"}
"""Private modes that a full-screen program switches on, and has to switch off again."""
UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>][\d;]*[a-z]")
"""Sequences that pyte would print."""


@dataclass(frozen=True, slots=True)
class Line:
    """A slow connection between a command and its terminal.

    Args:
        bits: bits a second from the command to the terminal.
        round_trip: seconds from a key to its answer, beside what is sent.
    """

    bits: float
    round_trip: float


class Screen(pyte.Screen):  # type: ignore[misc]  # pyte has no annotations
    """pyte's screen, which ignores what pyte does not know."""

    def report_device_status(self, mode: int, **kwargs: Any) -> None:
        pass

    def select_graphic_rendition(self, *attrs: int, **kwargs: Any) -> None:
        if not kwargs.get("private"):  # such as "CSI > 4 m"
            super().select_graphic_rendition(*attrs)


class PseudoTerminal:
    """A terminal of a size. A command runs in it by `run`, or any process opens it by its `name`.

    Args:
        size: columns and rows.
        line: how slow the connection to it is; None for none.
        stalled: nobody reads what is written to it, as over a connection that is dead but not closed.
    """

    process: subprocess.Popen[bytes]

    def __init__(self, size: tuple[int, int] = (120, 40), *, line: Line | None = None, stalled: bool = False) -> None:
        self.size, self.line = size, line
        self.chunks: list[tuple[float, bytes]] = []
        """What was written to it, each piece with the time (`time.perf_counter`) at which it arrived."""
        self.started = time.perf_counter()
        self.master, self.slave = pty.openpty()
        _set_size(self.slave, size)
        self.name = os.ttyname(self.slave)
        self._attributes = termios.tcgetattr(self.master)
        self._fed = 0
        self._screen = Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._closing, self._ended = threading.Event(), threading.Event()
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        if not stalled:
            self._reader.start()

    def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str | None] | None = None,
        cwd: str | os.PathLike[str] | None = None,
    ) -> PseudoTerminal:
        """Start a command in it, in a session of its own; `env` changes the environment, None removes a variable."""
        values: dict[str, str | None] = {
            **os.environ,
            **SCREEN_ENV,
            **dict.fromkeys(("SSH_CONNECTION", "SSH_TTY", "NO_COLOR", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE")),
            **(env or {}),
        }
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            cwd=cwd,
            env={k: v for k, v in values.items() if v is not None},
            preexec_fn=_take_terminal,
        )
        os.close(self.slave)  # so that reading ends with the command
        self.slave = -1
        return self

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- what is written to it --------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """Take in what is written; over a slow connection no faster than it carries."""
        free = 0.0
        while not self._closing.is_set():
            # Not a read that waits: as long as one does, the kernel keeps open what `vanish` closes.
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            if self.line is not None:
                time.sleep(max(0.0, free - time.perf_counter()))
            try:
                data = os.read(self.master, 65536 if self.line is None else 1024)
            except OSError:
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
    def sent(self) -> bytes:
        """All that was written to it so far."""
        return b"".join(data for _, data in self.chunks)

    @property
    def bytes(self) -> int:
        """Bytes written to it so far."""
        return sum(len(data) for _, data in self.chunks)

    def bytes_between(self, start: float, end: float) -> int:
        """Bytes that arrived between two times."""
        return sum(len(data) for at, data in self.chunks if start <= at < end)

    def bytes_each_second(self, start: float, end: float) -> list[int]:
        """Bytes that arrived in each whole second between two times."""
        return [self.bytes_between(start + i, start + i + 1) for i in range(int(end - start))]

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
        """Show the next piece of what was written; the time it arrived, None where there is nothing more."""
        if self._fed >= len(self.chunks) or self.chunks[self._fed][0] > time.perf_counter():
            return None
        at, data = self.chunks[self._fed]
        self._fed += 1
        self._stream.feed(UNKNOWN_TO_PYTE.sub(b"", data))
        return at

    def until(self, pattern: str, seconds: float = 60.0) -> float:
        """Wait until the screen matches a pattern; the time at which it first did.

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

    def left_changed(self) -> list[str]:
        """In what it differs from how it was before a program ran in it: its attributes, its modes, its cursor."""
        found = [] if termios.tcgetattr(self.master) == self._attributes else ["attributes"]
        sent = self.sent
        for what, mode in MODES.items():
            if sent.rfind(f"\x1b[?{mode}h".encode()) > sent.rfind(f"\x1b[?{mode}l".encode()):
                found.append(what)
        if sent.rfind(b"\x1b[?25l") > sent.rfind(b"\x1b[?25h"):
            found.append("no cursor")
        return found

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
        """Change its size."""
        self.text()
        self.size = size
        self._screen.resize(size[1], size[0])
        _set_size(self.master, size)

    def wait(self, seconds: float = 60.0) -> int:
        """Wait for the command to end; its exit code."""
        code = self.process.wait(seconds)
        self._ended.wait(5)
        return code

    def vanish(self) -> None:
        """Close its window: the kernel hangs up."""
        self._closing.set()
        if self._reader.is_alive():
            self._reader.join()
        for descriptor in (self.slave, self.master):
            if descriptor >= 0:
                os.close(descriptor)
        self.slave = self.master = -1

    def close(self) -> None:
        """End the command, first politely, and close the terminal."""
        process = getattr(self, "process", None)
        if process is not None:
            for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
                if process.poll() is not None:
                    break
                process.send_signal(number)
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    continue
            self._ended.wait(5)
        self.vanish()


def _set_size(fd: int, size: tuple[int, int]) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))


def _take_terminal() -> None:
    """In the child: its standard input is the terminal that controls it, so that resizing sends it SIGWINCH."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
