"""A run's server and clients that are slow, dead, stupid or hostile: it costs them their connection, and nobody else anything."""

from __future__ import annotations

import json
import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.events.commands import Pause
from engine.events.log import EventLog
from engine.events.types import LineLogged
from engine.remote import peer
from engine.remote.server import ControlServer
from engine.remote.wire import COMMANDS_PER_SECOND, MAX_CLIENTS, MAX_COMMAND, MAX_QUEUED
from tests.engine.remote.fake_run import FakeControl, progress
from tests.engine.remote.processes import RawClient, wait_until


@pytest.fixture
def bystander(server: ControlServer, control: FakeControl) -> Iterator[RawClient]:
    """A well-behaved client, which must be served all the time; at the end of the test it still is."""
    with RawClient(server.path) as client:
        client.line()
        client.hello(name="bystander")
        yield client
        client.send({"request": 77, "command": "pause"})
        while (line := client.line()).get("request") != 77:
            assert line, "it was dropped"
        assert line["answer"] == "done"
        assert control.commands[-1] == (Pause(), "bystander")


def dropped(client: RawClient) -> str:
    """Why a client was dropped; nothing comes after that."""
    *_, last = client.rest()
    assert last["protocols"] == [1]
    return str(last["error"])


GARBAGE = [
    b"\n",
    b"what is this\n",
    b"\x00\xff\xfe\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"[" * 50_000 + b"\n",
    b"{}\n",
    b'{"hello": "cifar-tui", "protocol": 1}\n',
    b'{"request": 1, "command": "stop"}\n',
]


@pytest.mark.parametrize("content", GARBAGE)
def test_garbage_in_place_of_a_hello(
    server: ControlServer, control: FakeControl, bystander: RawClient, content: bytes
) -> None:
    with RawClient(server.path) as client:
        client.line()
        client.send(content)
        assert dropped(client)
    assert control.commands == []


@pytest.mark.parametrize("content", GARBAGE[:-1])
def test_garbage_after_the_hello(
    server: ControlServer, control: FakeControl, bystander: RawClient, content: bytes
) -> None:
    with RawClient(server.path) as client:
        client.line()
        client.hello()
        client.send(content)
        assert dropped(client)
    assert control.commands == []


@pytest.mark.parametrize("version", [0, 2, 10**30, "1", None])
def test_another_version_is_told_which_one_is_spoken(
    server: ControlServer, bystander: RawClient, version: object
) -> None:
    with RawClient(server.path) as client:
        client.line()
        client.hello(protocol=version)
        assert "not supported" in dropped(client)


def test_half_a_line_is_waited_for_and_then_forgotten(
    server: ControlServer, control: FakeControl, bystander: RawClient
) -> None:
    with RawClient(server.path) as client:
        client.line()
        client.hello()
        client.send(b'{"request": 1, "comm')
        time.sleep(0.05)
        client.send(b'and": "pause"}\n')
        assert client.line() == {"request": 1, "answer": "done"}
        client.send(b'{"request": 2, "command": "sto')
    wait_until(lambda: server.clients == 1)
    assert control.commands == [(Pause(), "raw")]


def test_a_hundred_megabytes_without_a_line_break(server: ControlServer, bystander: RawClient) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with RawClient(server.path) as client:
        client.line()
        client.hello()
        block, sent = b"x" * 2**16, 0
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while sent < 100 * 2**20:
                sent += client.socket.send(block)
        assert sent < 8 * MAX_COMMAND
        assert dropped(client) == f"a line of more than {MAX_COMMAND} bytes"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024  # KB


def test_a_million_commands_are_carried_out_slowly_while_others_are_served(
    server: ControlServer, control: FakeControl, bystander: RawClient
) -> None:
    with RawClient(server.path) as client:
        client.line()
        client.hello(name="flood")
        flood = b'{"request": 1, "command": "resume"}\n' * 1_000_000
        sender = threading.Thread(target=lambda: _send_all(client.socket, flood), daemon=True)
        begun = time.monotonic()
        sender.start()
        wait_until(lambda: len(control.commands) > COMMANDS_PER_SECOND)
        bystander.send({"request": 5, "command": "pause"})
        assert bystander.line() == {"request": 5, "answer": "done"}
        seconds = time.monotonic() - begun
        flooded = sum(by == "flood" for _, by in list(control.commands))
        assert flooded <= COMMANDS_PER_SECOND * (seconds + 1)
        assert sender.is_alive(), "the rest waits on the client's side"
        client.socket.shutdown(socket.SHUT_RDWR)
        sender.join()


def _send_all(connection: socket.socket, content: bytes) -> None:
    try:
        connection.sendall(content)
    except OSError:
        pass


def test_a_client_that_does_not_read_is_dropped_once_too_much_waits(
    server: ControlServer, tmp_path: Path, bystander: RawClient
) -> None:
    log = EventLog(tmp_path / "run" / "events.jsonl")
    reader = threading.Thread(target=lambda: bystander_reads(bystander, "the end"), daemon=True)
    reader.start()
    with RawClient(server.path) as client:
        client.line()
        client.hello()
        wait_until(lambda: server.clients == 2)
        line, sent = "x" * 100_000, 0
        while server.clients == 2:
            event = LineLogged(source="x", text=line)
            log.append(event)
            server.publish(event)
            sent += len(line)
            assert sent < 3 * MAX_QUEUED
            time.sleep(0.001)
        assert sent > MAX_QUEUED / 2
        assert client.rest(), "what the kernel had taken"
    server.publish(LineLogged(source="x", text="the end"))
    reader.join(20)
    assert not reader.is_alive()


def bystander_reads(client: RawClient, text: str) -> None:
    while client.line().get("text") != text:
        pass


def test_progress_does_not_pile_up_for_a_client_that_does_not_read(server: ControlServer, bystander: RawClient) -> None:
    with RawClient(server.path) as client:
        client.line()
        client.hello()
        wait_until(lambda: server.clients == 2)
        for step in range(1, 20_001):
            server.publish(progress(step))
        server.publish(progress(99_999))
        steps = [0]
        while steps[-1] != 99_999:
            steps.append(client.line()["step"])
        assert steps == sorted(steps) and len(steps) < 10_000


def test_a_client_without_a_hello_is_dropped(
    monkeypatch: pytest.MonkeyPatch, server: ControlServer, bystander: RawClient
) -> None:
    monkeypatch.setattr(peer, "HELLO_SECONDS", 0.1)
    with RawClient(server.path) as client:
        assert dropped(client) == "no hello"


def test_more_clients_than_are_let_in(server: ControlServer, bystander: RawClient) -> None:
    clients = [RawClient(server.path) for _ in range(MAX_CLIENTS - 1)]
    assert all("hello" in client.line() for client in clients)
    with RawClient(server.path) as client:
        assert dropped(client) == f"{MAX_CLIENTS} clients are already connected"
    clients.pop().socket.close()
    wait_until(lambda: server.clients == MAX_CLIENTS - 1)
    with RawClient(server.path) as client:
        assert "hello" in client.line()
    for client in clients:
        client.socket.close()


def test_without_file_descriptors_nobody_is_let_in_until_there_are_some(
    server: ControlServer, bystander: RawClient
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    late = socket.socket(socket.AF_UNIX)
    late.settimeout(20)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        late.connect(str(server.path))
        bystander.send({"request": 1, "command": "pause"})
        assert bystander.line()["answer"] == "done"
        time.sleep(0.1)
        spent = time.process_time()
        time.sleep(0.2)
        assert time.process_time() - spent < 0.1, "it spins"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert json.loads(late.recv(4096))["hello"] == "cifar-tui"
    late.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_users_connection_is_refused(server: ControlServer, control: FakeControl, bystander: RawClient) -> None:
    """Even where the permissions of socket and directory would let it in."""
    for path in (server.path, *list(server.path.parents)[:2]):
        path.chmod(0o777)

    def visit() -> bytes:
        os.setuid(65534)
        with RawClient(server.path) as client:
            lines = client.rest()
        return json.dumps(lines).encode()

    assert json.loads(in_child(visit)) == [{"error": "this run belongs to another user", "protocols": [1]}]
    assert control.commands == []


def in_child(act: Callable[[], bytes]) -> bytes:
    """What a function gives in a forked process."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writing, act())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as f:
        result = f.read()
    os.waitpid(pid, 0)
    return result


def test_what_goes_wrong_in_carrying_a_command_out_costs_that_client_its_connection(
    server: ControlServer, control: FakeControl, bystander: RawClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: object, *, by: str = "") -> None:
        raise RuntimeError("out of cheese")

    with RawClient(server.path) as client, monkeypatch.context() as m, pytest.warns(UserWarning, match="out of cheese"):
        m.setattr(control, "send", fail)
        client.line()
        client.hello()
        client.send({"request": 1, "command": "pause"})
        assert dropped(client) == "RuntimeError: out of cheese"
