"""One client of the server: its socket, its buffers and their bounds."""

from __future__ import annotations

import socket
import time
from collections import deque

from engine.remote.wire import (
    COMMANDS_PER_SECOND,
    HELLO_SECONDS,
    MAX_COMMAND,
    MAX_QUEUED,
    ClientHello,
    Dropped,
    Lines,
    ProtocolError,
    encode,
)

_CHUNK = 65536
"""Bytes read at a time."""


class ClientGoneError(Exception):
    """The client has closed the connection."""


class Peer:
    """A connected client. Not thread-safe.

    Args:
        connection: its socket, in non-blocking mode.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.hello: ClientHello | None = None
        self.hello_due = time.monotonic() + HELLO_SECONDS
        self.watched = 0
        """The events for which its socket is registered with the selector of the server."""
        self._lines = Lines(MAX_COMMAND)
        self._received: deque[bytes] = deque()
        self._outgoing = bytearray()
        self._in_line = False
        """Whether a line has been sent in part."""
        self._progress = b""
        self._credit, self._credited = float(COMMANDS_PER_SECOND), time.monotonic()

    # -- from the client ------------------------------------------------------------------------------------------------

    @property
    def wants_reading(self) -> bool:
        """Whether to read from it: only once all lines received so far were taken."""
        return not self._received

    def read(self) -> None:
        """Receive at most one chunk of data.

        Raises:
            ClientGoneError: the connection is closed.
            ProtocolError: a line is too long.
        """
        try:
            data = self.socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            raise ClientGoneError from None
        if not data:
            raise ClientGoneError
        self._received += self._lines.feed(data)

    def take_line(self) -> bytes | None:
        """The next line, at most `COMMANDS_PER_SECOND` a second; None if there is none, or it is too early."""
        if not self._received:
            return None
        now = time.monotonic()
        self._credit = min(COMMANDS_PER_SECOND, self._credit + (now - self._credited) * COMMANDS_PER_SECOND)
        self._credited = now
        if self._credit < 1:
            return None
        self._credit -= 1
        return self._received.popleft()

    @property
    def next_line_in(self) -> float | None:
        """Seconds until the next received line may be taken; None if there is none."""
        return max(0.0, (1 - self._credit) / COMMANDS_PER_SECOND) if self._received else None

    # -- to the client --------------------------------------------------------------------------------------------------

    @property
    def wants_writing(self) -> bool:
        """Whether there is something to send."""
        return bool(self._outgoing or self._progress)

    def put(self, line: bytes) -> None:
        """Queue a line.

        Raises:
            ProtocolError: too much is queued.
        """
        if len(self._outgoing) + len(line) > MAX_QUEUED:
            raise ProtocolError(f"it left more than {MAX_QUEUED} bytes unread")
        self._outgoing += line

    def put_event(self, line: bytes) -> None:
        """Queue an event, which outdates progress that was not sent yet.

        Raises:
            ProtocolError: too much is queued.
        """
        self._progress = b""
        self.put(line)

    def put_progress(self, line: bytes) -> None:
        """Queue progress, in place of progress that was not sent yet."""
        self._progress = line

    def flush(self) -> None:
        """Send as much as the socket takes without blocking.

        Raises:
            ClientGoneError: the connection is closed.
        """
        try:
            while self.wants_writing:
                if not self._outgoing:
                    self._outgoing += self._progress
                    self._progress = b""
                sent = self.socket.send(self._outgoing)
                self._in_line = self._outgoing[sent - 1] != ord("\n")
                del self._outgoing[:sent]
        except BlockingIOError:
            return
        except OSError:
            raise ClientGoneError from None

    def close(self, reason: str = "") -> None:
        """Close the connection, after sending the reason, if there is one and it can be sent without blocking."""
        if reason and not self._in_line:
            try:
                self.socket.send(encode(Dropped(reason)))
            except OSError:
                pass
        self.socket.close()
