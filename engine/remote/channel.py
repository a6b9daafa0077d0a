"""The client side of a connection to a control socket."""

from __future__ import annotations

import getpass
import os
import select
import socket
import time
from collections import deque
from pathlib import Path

from engine.events.commands import Command
from engine.remote.address import is_control_socket, peer_uid, remove_if_stale
from engine.remote.host_file import read_host_file
from engine.remote.processes import hostname
from engine.remote.wire import (
    MAX_MESSAGE,
    Answer,
    ClientHello,
    Dropped,
    FromServer,
    Lines,
    ProtocolError,
    Request,
    ServerHello,
    decode_from_server,
    encode,
)

HELLO_SECONDS = 5.0
"""The time that a run has to say hello."""
_CHUNK = 2**18


class NotConnectedError(Exception):
    """The run can't be reached, or the connection was lost. The message says why, in one line."""


class Channel:
    """A connection to a run, after both sides have said hello. Not thread-safe.

    Args:
        connection: a new connection to a control socket.
        hello: who the client is.

    Raises:
        NotConnectedError: the other side does not answer, belongs to another user, or does not speak this protocol.
    """

    def __init__(self, connection: socket.socket, hello: ClientHello) -> None:
        self._socket = connection
        self._lines = Lines(MAX_MESSAGE)
        self._received: deque[FromServer] = deque()
        self._outgoing = bytearray(encode(hello))
        self._lost = ""
        if peer_uid(connection) != os.geteuid():
            raise NotConnectedError("its socket belongs to a process of another user")
        connection.setblocking(False)
        self.hello = self._expect_hello()
        """The hello of the run."""

    def _expect_hello(self) -> ServerHello:
        due = time.monotonic() + HELLO_SECONDS
        while not self._received:
            if time.monotonic() >= due:
                raise NotConnectedError("its process does not answer")
            self.wait(due - time.monotonic())
            self._raise_if_lost()
        first = self._received.popleft()
        if isinstance(first, Dropped):
            raise NotConnectedError(first.reason)
        if not isinstance(first, ServerHello):
            raise NotConnectedError("its process does not speak this protocol")
        return first

    def send(self, request: Request) -> None:
        """Queue a request. It is sent by `wait`."""
        self._outgoing += encode(request)

    def wait(self, seconds: float, wake: socket.socket | None = None) -> None:
        """Send what is queued and receive messages, waiting at most so many seconds, or until `wake` is readable."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if self._outgoing else 0))
        if wake is not None:
            poll.register(wake, select.POLLIN)
        ready = dict(poll.poll(max(0.0, seconds) * 1000)).get(self._socket.fileno(), 0)
        if ready & select.POLLOUT:
            self._write()
        if ready & ~select.POLLOUT:
            self._read()

    def _write(self) -> None:
        try:
            del self._outgoing[: self._socket.send(self._outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            self._outgoing.clear()  # the next read fails, too, after what was received before

    def _read(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
            if not data:
                self._lost = self._lost or "the connection was closed"
            for line in self._lines.feed(data):
                message = decode_from_server(line)
                if message is not None:
                    self._received.append(message)
        except BlockingIOError:
            pass
        except OSError as e:
            self._lost = e.strerror or str(e)
        except ProtocolError as e:
            self._lost = f"its process does not speak this protocol: {e}"

    def take(self) -> FromServer | None:
        """The next message that was received; None if there is none.

        Raises:
            NotConnectedError: the connection was lost, and all messages were taken; or the run has dropped this client.
        """
        if not self._received:
            self._raise_if_lost()
            return None
        message = self._received.popleft()
        if isinstance(message, Dropped):
            raise NotConnectedError(message.reason)
        return message

    def _raise_if_lost(self) -> None:
        if self._lost and not self._received:
            raise NotConnectedError(self._lost)

    def close(self) -> None:
        self._socket.close()


def dial(directory: Path, hello: ClientHello) -> Channel:
    """Connect to the process that trains a run.

    Raises:
        NotConnectedError: it can't be reached.
    """
    host = read_host_file(directory)
    if host is None:
        raise NotConnectedError("no process is training it")
    if not host.is_here:
        raise NotConnectedError(f"it is trained on another machine, {host.hostname}")
    if host.uid != os.geteuid():
        raise NotConnectedError("it belongs to another user")
    if not host.socket:
        raise NotConnectedError("its process has no socket")
    if not is_control_socket(Path(host.socket)):
        raise NotConnectedError("its socket is gone")
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if directory.stat().st_ino != host.inode:
            raise NotConnectedError("it is a copy of the directory of another run")
        connection.settimeout(HELLO_SECONDS)
        connection.connect(host.socket)
        return Channel(connection, hello)
    except OSError as e:
        connection.close()
        remove_if_stale(Path(host.socket))
        raise NotConnectedError(f"can't connect to its socket: {e.strerror or e}") from None
    except NotConnectedError:
        connection.close()
        raise


def ask(directory: Path, command: Command, name: str = "", seconds: float = 10.0) -> Answer:
    """Send one command to the process that trains a run, and wait for the answer.

    Raises:
        NotConnectedError: it can't be reached, or does not answer in time.
    """
    channel = dial(directory, ClientHello(name or default_name()))
    try:
        channel.send(Request(0, command))
        due = time.monotonic() + seconds
        while (left := due - time.monotonic()) > 0:
            channel.wait(left)
            while (message := channel.take()) is not None:
                if isinstance(message, Answer):
                    return message
        raise NotConnectedError("its process does not answer")
    finally:
        channel.close()


def default_name() -> str:
    """A name for this process as a client: user, machine and terminal, as in "ada@box pts/3"."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid())
    try:
        terminal = " " + os.ttyname(0).removeprefix("/dev/")
    except OSError:
        terminal = ""
    return f"{user}@{hostname()}{terminal}"
