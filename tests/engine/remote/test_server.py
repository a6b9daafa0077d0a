"""A run's server and clients that keep to the protocol. For those that do not, see `test_server_faults.py`."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.events.commands import Command, Evaluate, InspectImage, Pause, Resume, Save, Stop
from engine.events.log import EventLog
from engine.events.types import EpochStarted, Event, InspectionFailed, RunStopped
from engine.remote import arrays
from engine.remote.server import ControlServer
from tests.engine.remote.fake_run import FakeControl, progress
from tests.engine.remote.inspected import inspected
from tests.engine.remote.processes import RawClient


def epoch(n: int) -> EpochStarted:
    return EpochStarted(epoch=n, learning_rate=0.1, time=float(n))


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(tmp_path / "run" / "events.jsonl")


def emit(log: EventLog, server: ControlServer, *events: Event) -> None:
    for event in events:
        if not event.live:
            log.append(event)
        server.publish(event)


def ask(client: RawClient, request: int, **command: object) -> dict[str, object]:
    """Send a command and give the answer; events that come first are dropped."""
    client.send({"request": request, **command})
    while "answer" not in (line := client.line()):
        assert line, "the connection was closed"
    assert line.pop("request") == request
    return line


def test_a_client_is_told_where_its_history_ends_and_gets_everything_after_that(
    server: ControlServer, log: EventLog
) -> None:
    emit(log, server, epoch(1))
    size = log.path.stat().st_size
    with RawClient(server.path) as client:
        hello = client.line()
        assert (hello["hello"], hello["protocol"], hello["run"], hello["offset"]) == ("cifar-tui", 1, "run", size)
        client.hello()
        emit(log, server, epoch(2), progress(1))
        line = client.line()
        assert line["epoch"] == 2 and line["log"] == [size, log.path.stat().st_size]
        assert client.line()["event"] == "batch_completed"


def test_events_between_the_two_hellos_are_not_lost(server: ControlServer, log: EventLog) -> None:
    with RawClient(server.path) as client:
        client.line()
        emit(log, server, epoch(1))
        assert client.line()["epoch"] == 1
        client.hello()
        emit(log, server, epoch(2))
        assert client.line()["epoch"] == 2


def test_a_new_client_is_told_the_newest_progress_at_once(server: ControlServer, log: EventLog) -> None:
    emit(log, server, epoch(1), progress(3), progress(4))
    with RawClient(server.path) as client:
        client.line()
        assert client.line()["step"] == 4


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ({"command": "pause"}, Pause()),
        ({"command": "resume"}, Resume()),
        ({"command": "save"}, Save()),
        ({"command": "evaluate"}, Evaluate()),
        ({"command": "stop"}, Stop()),
        ({"command": "stop", "save": False, "reason": "enough"}, Stop(save=False, reason="enough")),
    ],
)
def test_commands_reach_the_run_with_the_name_of_who_sent_them(
    server: ControlServer, control: FakeControl, line: dict[str, object], command: Command
) -> None:
    with RawClient(server.path) as client:
        client.line()
        client.hello(name="ada@box pts/3")
        assert ask(client, 5, **line) == {"answer": "done"}
    assert control.commands == [(command, "ada@box pts/3")]


def test_unknown_commands_are_refused_and_the_client_stays(server: ControlServer, control: FakeControl) -> None:
    with RawClient(server.path) as client:
        client.line()
        client.hello()
        refused = ask(client, 1, command="dance")
        assert refused["answer"] == "refused" and "dance" in str(refused["reason"])
        assert ask(client, 2, command="pause") == {"answer": "done"}
    assert control.commands == [(Pause(), "raw")]


def test_a_client_that_only_watches_changes_nothing(server: ControlServer, control: FakeControl) -> None:
    with RawClient(server.path) as client:
        client.line()
        client.hello(read_only=True)
        for n, name in enumerate(("pause", "resume", "save", "evaluate", "stop")):
            assert ask(client, n, command=name) == {"answer": "refused", "reason": "this client is read-only"}
        assert control.commands == []
        assert ask(client, 9, command="inspect_image", id="1", path="x.png") == {"answer": "done"}


def test_after_the_end_of_the_run_commands_are_refused(
    server: ControlServer, log: EventLog, control: FakeControl
) -> None:
    with RawClient(server.path) as client:
        client.line()
        client.hello()
        emit(log, server, RunStopped(epoch=1, step=1, reason="asked to stop", saved=None))
        assert ask(client, 1, command="pause") == {"answer": "refused", "reason": "the run has ended"}
    assert control.commands == []


def test_what_came_of_an_inspection_goes_to_the_client_that_asked_under_its_own_id(
    server: ControlServer, log: EventLog, control: FakeControl
) -> None:
    with RawClient(server.path) as a, RawClient(server.path) as b:
        for client in (a, b):
            client.line()
            client.hello()
        assert ask(a, 1, command="inspect_image", id="same", path="a.png") == {"answer": "done"}
        assert ask(b, 1, command="inspect_image", id="same", path="b.png") == {"answer": "done"}
        asked = [command for command, _ in control.commands if isinstance(command, InspectImage)]
        assert [c.path for c in asked] == ["a.png", "b.png"] and asked[0].id != asked[1].id
        emit(log, server, inspected(asked[1].id), InspectionFailed(id="the host's own", reason="x"))
        emit(log, server, InspectionFailed(id=asked[0].id, reason="not here"), epoch(1))
        lines = [client.line() for client in (a, b)]
        assert [line["id"] for line in lines] == ["same", "same"]
        assert lines[0]["reason"] == "not here" and lines[1]["inspection"]["epoch"] == 3
        assert [client.line()["event"] for client in (a, b)] == ["epoch_started", "epoch_started"]


def test_an_inspection_that_is_too_large_to_send_is_answered_too(
    server: ControlServer, log: EventLog, control: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "MAX_BYTES", 1000)
    with RawClient(server.path) as client:
        client.line()
        client.hello()
        ask(client, 1, command="inspect_image", id="7", path="a.png")
        command = control.commands[0][0]
        assert isinstance(command, InspectImage)
        emit(log, server, inspected(command.id))
        line = client.line()
        assert (line["event"], line["id"], line["reason"]) == (
            "inspection_failed",
            "7",
            "The answer is too large to send.",
        )


def test_what_the_disk_refuses_reaches_old_and_new_clients_once(server: ControlServer, log: EventLog) -> None:
    emit(log, server, epoch(1))
    size = log.path.stat().st_size
    with RawClient(server.path) as old:
        old.line()
        server.publish(epoch(2))  # and not in the log
        assert old.line()["log"] == [size, size]
        with RawClient(server.path) as new:
            assert new.line()["offset"] == size
            assert (line := new.line())["epoch"] == 2 and line["log"] == [size, size]
            log.append(epoch(2))
            emit(log, server, epoch(3))
            end = log.path.stat().st_size
            for client in (old, new):
                assert (line := client.line())["epoch"] == 3 and line["log"] == [size, end]


def test_several_clients_see_the_same(server: ControlServer, log: EventLog) -> None:
    clients = [RawClient(server.path) for _ in range(8)]
    for client in clients:
        client.line()
        client.hello()
    emit(log, server, *map(epoch, range(50)))
    for client in clients:
        assert [client.line()["epoch"] for _ in range(50)] == list(range(50))
        client.socket.close()


def test_closing_sends_what_waits_and_removes_the_socket(server: ControlServer, log: EventLog) -> None:
    with RawClient(server.path) as client:
        client.line()
        emit(log, server, *map(epoch, range(5000)))
        closing = threading.Thread(target=server.close)
        closing.start()
        assert [line["epoch"] for line in client.rest()] == list(range(5000))
        closing.join()
    assert not server.path.exists()
    server.publish(epoch(1))
    server.close()
