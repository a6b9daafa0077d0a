"""A pseudo-terminal for the dashboard: what it shows, what it was set to, and ways to take it away."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import threading

import pyte


class PseudoTerminal:
    """A terminal of a size, read all the time unless `stalled`."""

    def __init__(self, columns: int = 120, rows: int = 40, *, stalled: bool = False) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.name = os.ttyname(self.slave)
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._unread = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        if not stalled:
            self._reader.start()

    def _read(self) -> None:
        while not self._unread.is_set():
            # Not a read that waits: as long as one does, the kernel keeps open what `vanish` closes.
            if not select.select([self.master], [], [], 0.05)[0]:
                continue
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                return
            with self._lock:
                self.seen += piece
                # Not known to pyte: private modes with other leading characters, which it would print.
                self._stream.feed(piece.replace(b"\x1b[<u", b"").replace(b"\x1b[>25u", b""))

    def screen(self) -> str:
        """What it shows."""
        with self._lock:
            return "\n".join(self._screen.display)

    def keys(self, text: str) -> None:
        """Type."""
        os.write(self.master, text.encode())

    def vanish(self) -> None:
        """Close its window: the kernel hangs up."""
        self.close()
        self.master = self.slave = -1

    def close(self) -> None:
        """Close what is open."""
        self._unread.set()
        if self._reader.is_alive():
            self._reader.join()
        for descriptor in (self.slave, self.master):
            if descriptor >= 0:
                os.close(descriptor)

    def problems(self) -> list[str]:
        """In what it differs from how it was before the program ran."""
        found = [] if termios.tcgetattr(self.slave) == self.before else ["other attributes"]
        modes = {"alternate screen": "1049", "mouse": "1000", "mouse moves": "1003", "focus": "1004", "paste": "2004"}
        for what, mode in modes.items():
            on, off = f"\x1b[?{mode}h".encode(), f"\x1b[?{mode}l".encode()
            if self.seen.rfind(on) > self.seen.rfind(off):
                found.append(what)
        if self.seen.rfind(b"\x1b[?25l") > self.seen.rfind(b"\x1b[?25h"):
            found.append("no cursor")
        return found
