"""The protocol's lines: what is written reads back, and what is not of this protocol is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from engine.events.commands import Command, Evaluate, InspectImage, Pause, Resume, Save, Stop
from engine.events.types import CheckpointFailed, EpochStarted, Event, LineLogged, PreparationAdvanced
from engine.remote import wire
from engine.remote.wire import (
    Answer,
    ClientHello,
    CommandError,
    Dropped,
    FromServer,
    Lines,
    ProtocolError,
    Published,
    Request,
    ServerHello,
    decode_client_hello,
    decode_from_server,
    decode_request,
    encode,
)
from tests.support.events import run_events

HELLO = {"hello": "cifar-tui", "protocol": 1, "name": "ada@box", "read_only": False}
UNDECODABLE = b"runs/\xff".decode("utf-8", "surrogateescape")


def as_line(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@pytest.mark.parametrize(
    "message",
    [
        ServerHello("fast-1", 4711, 81244),
        Answer(7),
        Answer(7, "the run has ended"),
        Dropped("not a hello"),
        Published(EpochStarted(epoch=1, learning_rate=0.1), (10, 20)),
        Published(PreparationAdvanced(step="Importing PyTorch", done=3, total=None)),
        Published(CheckpointFailed(path=UNDECODABLE, epoch=1, step=2, reason="asked", error="“no space”"), (0, 0)),
    ],
)
def test_what_a_server_sends_reads_back(message: FromServer) -> None:
    line = encode(message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert decode_from_server(line[:-1]) == message


@pytest.mark.parametrize("event", list(run_events(test=True)), ids=lambda e: type(e).__name__)
def test_every_event_of_a_run_reads_back(event: Event) -> None:
    assert decode_from_server(encode(Published(event, (1, 2)))) == Published(event, (1, 2))


@pytest.mark.parametrize(
    "command",
    [
        Pause(),
        Resume(),
        Save(),
        Evaluate(),
        Stop(),
        Stop(save=False, reason=UNDECODABLE + "\n"),
        InspectImage(id="7", pixels="AAAA"),
        InspectImage(id="", path="images/ä.png"),
    ],
)
def test_every_command_reads_back_with_its_request(command: Command) -> None:
    line = encode(Request(2**62, command))
    assert line.count(b"\n") == 1
    assert decode_request(line) == Request(2**62, command)


def test_every_command_there_is_can_be_sent() -> None:
    assert set(wire.COMMANDS.by_name.values()) == {Pause, Resume, Save, Evaluate, Stop, InspectImage}


def test_a_clients_hello_reads_back_with_a_name_of_bounded_length() -> None:
    assert decode_client_hello(encode(ClientHello("ada@box pts/3", True))) == ClientHello("ada@box pts/3", True)
    assert decode_client_hello(encode(ClientHello("x" * 5000))).name == "x" * wire.MAX_NAME


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not a JSON object"),
        (b"GET / HTTP/1.1", "not a JSON object"),
        (b"\xff\xfe", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b'{"request": ' + b"9" * 5000 + b"}", "not a JSON object"),
        (["hello"], "not a JSON object"),
        ({}, "not a hello"),
        ({**HELLO, "hello": "vim"}, "not a hello"),
        ({**HELLO, "protocol": 2}, "protocol 2 is not supported"),
        ({**HELLO, "protocol": True}, "protocol True is not supported"),
        ({**HELLO, "protocol": "x" * 1000}, r"protocol '?x{,20} is not supported"),
        ({**HELLO, "name": None}, "name is missing"),
        ({**HELLO, "read_only": 0}, "read_only is missing"),
    ],
)
def test_a_hello_that_is_none_is_refused(line: Any, reason: str) -> None:
    with pytest.raises(ProtocolError, match=reason):
        decode_client_hello(as_line(line))


@pytest.mark.parametrize(
    "line",
    [b"", b"pause", [], {}, {"command": "pause"}, {"request": "1", "command": "pause"}, {"request": -1}, HELLO],
)
def test_a_line_without_a_request_is_refused(line: Any) -> None:
    with pytest.raises(ProtocolError):
        decode_request(as_line(line))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"command": "dance"},
        {"command": 3},
        {"command": ["pause"]},
        {"command": "stop", "save": "yes"},
        {"command": "inspect_image"},
        {"command": "inspect_image", "id": 7},
        {"command": "x" * 10_000},
    ],
)
def test_a_request_with_a_bad_command_can_still_be_answered(fields: dict[str, Any]) -> None:
    with pytest.raises(CommandError) as e:
        decode_request(as_line({"request": 9, **fields}))
    assert e.value.request == 9
    assert e.value.reason and len(e.value.reason) <= 200


def test_an_event_that_a_newer_program_sends_is_ignored() -> None:
    assert decode_from_server(b'{"event": "weights_frozen", "time": 1.0}') is None
    line = encode(Published(LineLogged(source="x", text="y", time=1.0), (0, 9))).replace(b"}", b', "mood": 3}')
    assert decode_from_server(line) == Published(LineLogged(source="x", text="y", time=1.0), (0, 9))


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        {"event": "epoch_started"},
        {"event": "epoch_started", "time": 1, "epoch": 1, "learning_rate": 0.1, "log": [1]},
        {"event": "epoch_started", "time": 1, "epoch": 1, "learning_rate": 0.1, "log": ["1", 2]},
        {"event": "epoch_started", "time": 1, "epoch": 1, "learning_rate": 0.1, "log": 5},
        {"event": ["x"]},
        {"answer": "done"},
        {"answer": "refused", "request": 1},
        {"error": 3},
        {"hello": "cifar-tui", "protocol": 1, "run": "x", "pid": 1, "offset": -1},
        {"hello": "cifar-tui", "protocol": 7, "run": "x", "pid": 1, "offset": 1},
    ],
)
def test_a_client_refuses_what_no_server_sends(line: Any) -> None:
    with pytest.raises(ProtocolError):
        decode_from_server(as_line(line))


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(line: bytes) -> None:
    for decode in (decode_client_hello, decode_request, decode_from_server):
        try:
            decode(line)
        except (ProtocolError, CommandError) as e:
            assert "\n" not in str(e)


@given(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b" "))), st.data())
def test_lines_come_out_whole_however_they_are_cut(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines) + b"half"
    cutter, found = Lines(40), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += cutter.feed(stream[:size])
        stream = stream[size:]
    assert found == lines


def test_a_line_that_is_too_long_is_refused_before_it_ends() -> None:
    assert Lines(10).feed(b"x" * 10 + b"\n") == [b"x" * 10]
    for content in (b"x" * 11, b"y\n" + b"x" * 11, b"y\n" + b"x" * 11 + b"\n"):
        with pytest.raises(ProtocolError, match="a line of more than 10 bytes"):
            Lines(10).feed(content)
    slowly = Lines(10)
    slowly.feed(b"x" * 6)
    with pytest.raises(ProtocolError):
        slowly.feed(b"x" * 6)


def test_the_documented_session_is_what_the_code_speaks() -> None:
    """The example in the module's docstring, line by line, but for the parts it leaves out."""
    lines = re.findall(r"^    ([<>]) (\{.*\})$", wire.__doc__ or "", re.MULTILINE)
    assert len(lines) >= 10
    hello = True
    for sender, line in lines:
        if "…" in line:
            continue
        if sender == ">":
            message = decode_from_server(line.encode())
            assert message is not None and json.loads(encode(message)) == json.loads(line)
        elif hello:
            assert json.loads(encode(decode_client_hello(line.encode()))) == json.loads(line)
            hello = False
        elif "dance" not in line:
            assert json.loads(encode(decode_request(line.encode()))) == json.loads(line)
