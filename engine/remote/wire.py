"""The protocol of control sockets, version 1: lines of UTF-8, each a JSON object.

An example. Lines marked `>` are sent by the server, those marked `<` by the client::

    > {"hello": "cifar-tui", "protocol": 1, "run": "fast-20261124-214402", "pid": 4711, "offset": 81244}
    < {"hello": "cifar-tui", "protocol": 1, "name": "ada@box pts/3", "read_only": false}
    > {"event": "batch_completed", "time": 1795551842.1, "phase": "training", "epoch": 3, "step": 120, …}
    < {"request": 1, "command": "pause"}
    > {"request": 1, "answer": "done"}
    > {"event": "run_paused", "time": 1795551842.3, …, "by": "ada@box pts/3", "log": [81244, 81390]}
    < {"request": 2, "command": "inspect_image", "id": "7", "pixels": "…"}
    > {"request": 2, "answer": "done"}
    > {"event": "image_inspected", "time": …, "id": "7", "inspection": {…}}
    < {"request": 3, "command": "dance"}
    > {"request": 3, "answer": "refused", "reason": "not a known command: 'dance'"}
    < what is this
    > {"error": "not a JSON object", "protocols": [1]}
    (the server closes the connection)

**History.** The client reads past events from the run's `events.jsonl`, up to `offset` bytes, and receives all later ones over
the socket: none is missing, none comes twice. `log` is the byte range [start, end) of `events.jsonl` that was written with an
event; a client that loses the connection continues to read at the end of the last one. If an event could not be written, the
range is empty, and the next one that is not empty includes that event. Events without `log` are never written to the file.

**Progress** (`batch_completed`, `preparation_advanced`) is sent only as fast as the client reads. Outdated progress is skipped.

**Answers.** "done" means that the run will carry out the command at its next batch. Its effect is an event, sent to all clients;
the effect of `inspect_image` is sent to the client that asked only. Read-only clients may send no other command than that one.

**Bounds.** A client is dropped if it sends a line of more than `MAX_COMMAND` bytes, no hello within `HELLO_SECONDS`, or anything
else that is not this protocol, or if it leaves more than `MAX_QUEUED` bytes unread. Before it is, it is sent an `error`. Clients
that send more than `COMMANDS_PER_SECOND` commands a second are slowed down.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from engine.events.codec import EVENTS, Codec
from engine.events.commands import Command
from engine.events.types import Event

PROTOCOL = 1
"""Version of the protocol: increment it with every incompatible change."""
MAX_COMMAND = 2**20
MAX_MESSAGE = 2**24
"""Bytes in the longest line from a server."""
MAX_QUEUED = 2**23
MAX_CLIENTS = 64
MAX_NAME = 200
"""Characters in the name of a client; longer ones are cut off."""
HELLO_SECONDS = 5.0
COMMANDS_PER_SECOND = 100

_PROGRAM = "cifar-tui"
_INSPECTED = "image_inspected"
COMMANDS: Codec[Command] = Codec("command", Command.__subclasses__())
"""The JSON of commands."""


class ProtocolError(Exception):
    """A violation of the protocol. The message is one line."""


class CommandError(Exception):
    """A request with an unknown or invalid command. It can still be answered."""

    def __init__(self, request: int, reason: str) -> None:
        super().__init__(reason)
        self.request, self.reason = request, reason


@dataclass(frozen=True, slots=True)
class ServerHello:
    """The server's first line."""

    run: str
    pid: int
    offset: int
    """Length of `events.jsonl` in bytes; later events are sent over the socket."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """The client's first line."""

    name: str
    """Shown to other watchers, as in "ada@box pts/3"."""
    read_only: bool = False
    """Whether to refuse commands that would change the run."""


@dataclass(frozen=True, slots=True)
class Request:
    """A command from a client. The answer has the same `id`, which the client chooses."""

    id: int
    command: Command


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of the server to a request."""

    request: int
    refused: str = ""
    """Why the command was refused; "" if it was accepted."""


@dataclass(frozen=True, slots=True)
class Published:
    """An event."""

    event: Event
    log: tuple[int, int] | None = None
    """The range [start, end) of bytes that was written to `events.jsonl` with it; None if it is never written."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The last line of the server to a client that it drops."""

    reason: str


FromServer = ServerHello | Answer | Published | Dropped
FromClient = ClientHello | Request


def encode(message: FromServer | FromClient) -> bytes:
    """Encode a message as a line.

    Raises:
        ValueError: it contains a number that is not finite, or arrays that are too large.
    """
    match message:
        case Published():
            return _encode_event(message)
        case Request():
            return f'{{"request": {message.id}, {COMMANDS.to_json(message.command)[1:]}\n'.encode()
        case ServerHello():
            values = {"hello": _PROGRAM, "protocol": PROTOCOL, "run": message.run, "pid": message.pid}
            return _line({**values, "offset": message.offset})
        case ClientHello():
            values = {"hello": _PROGRAM, "protocol": PROTOCOL, "name": message.name}
            return _line({**values, "read_only": message.read_only})
        case Answer() if message.refused:
            return _line({"request": message.request, "answer": "refused", "reason": message.refused})
        case Answer():
            return _line({"request": message.request, "answer": "done"})
        case Dropped():
            return _line({"error": message.reason, "protocols": [PROTOCOL]})


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, allow_nan=False).encode() + b"\n"


def _encode_event(published: Published) -> bytes:
    event = published.event
    if EVENTS.name_of(event) == _INSPECTED:
        from engine.remote.arrays import inspected_to_plain  # needs NumPy

        return _line({"event": _INSPECTED, **inspected_to_plain(event)})
    text = EVENTS.to_json(event)
    if published.log is not None:
        text = f'{text[:-1]}, "log": [{published.log[0]}, {published.log[1]}]}}'
    return text.encode() + b"\n"


def decode_client_hello(line: bytes) -> ClientHello:
    """Decode the first line of a client.

    Raises:
        ProtocolError: it is invalid, or has another version.
    """
    raw = _object(line)
    _check_hello(raw)
    return ClientHello(_field(raw, "name", str)[:MAX_NAME], _field(raw, "read_only", bool))


def decode_request(line: bytes) -> Request:
    """Decode any other line of a client.

    Raises:
        ProtocolError: it is not a request.
        CommandError: it is a request, but its command is unknown or invalid.
    """
    id = _field(_object(line), "request", int)
    if not 0 <= id < 2**63:
        raise ProtocolError("request is out of range")
    try:
        return Request(id, COMMANDS.from_json(line.decode()))
    except ValueError as e:
        raise CommandError(id, str(e)[:200]) from None


def decode_from_server(line: bytes) -> FromServer | None:
    """Decode a line of a server; None for an unknown event, such as a newer server may send.

    Raises:
        ProtocolError: it is invalid, or has another version.
    """
    raw = _object(line)
    if "event" in raw:
        return _decode_event(line, raw)
    if "answer" in raw:
        reason = "" if raw["answer"] == "done" else _field(raw, "reason", str)
        return Answer(_field(raw, "request", int), reason)
    if "error" in raw:
        return Dropped(_field(raw, "error", str))
    _check_hello(raw)
    hello = ServerHello(_field(raw, "run", str), _field(raw, "pid", int), _field(raw, "offset", int))
    if hello.offset < 0:
        raise ProtocolError("offset is out of range")
    return hello


def _decode_event(line: bytes, raw: dict[str, Any]) -> Published | None:
    try:
        if raw["event"] == _INSPECTED:
            from engine.remote.arrays import inspected_from_plain  # needs NumPy

            return Published(inspected_from_plain(raw))
        log = raw.get("log")
        if log is not None:
            start, end = log
            if type(start) is not int or type(end) is not int or start < 0:
                raise ProtocolError("log is not a range")
            log = start, end
        if raw["event"] not in EVENTS.by_name:
            return None
        return Published(EVENTS.from_json(line.decode()), log)
    except (ValueError, TypeError) as e:
        raise ProtocolError(str(e)[:200]) from None


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ProtocolError("not a JSON object")
    return value


def _field(raw: dict[str, Any], name: str, kind: type[Any]) -> Any:
    value = raw.get(name)
    if type(value) is not kind:
        raise ProtocolError(f"{name} is missing or has the wrong type")
    return value


def _check_hello(raw: dict[str, Any]) -> None:
    if raw.get("hello") != _PROGRAM:
        raise ProtocolError(f"not a hello of {_PROGRAM}")
    if type(raw.get("protocol")) is not int or raw["protocol"] != PROTOCOL:
        raise ProtocolError(f"protocol {raw.get('protocol')!r:.20} is not supported, only {PROTOCOL}")


class Lines:
    """Splits a stream of bytes into lines.

    Args:
        most: the most bytes in a line.
    """

    def __init__(self, most: int) -> None:
        self._most, self._rest = most, bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The lines completed by `data`, without line breaks.

        Raises:
            ProtocolError: a line is too long.
        """
        first, *others = data.split(b"\n")
        if len(self._rest) + len(first) > self._most or any(len(other) > self._most for other in others):
            raise ProtocolError(f"a line of more than {self._most} bytes")
        self._rest += first
        if not others:
            return []
        lines = [bytes(self._rest), *others[:-1]]
        self._rest = bytearray(others[-1])
        return lines
