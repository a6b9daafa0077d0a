"""Watching and steering a run of another process."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from engine.events.commands import Evaluate, InspectImage, Pause, Resume, Stop
from engine.events.log import read_events
from engine.events.types import (
    BatchCompleted,
    EpochStarted,
    Event,
    InspectionFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
)
from engine.remote import connection as connection_module
from engine.remote import progress_file
from engine.remote.channel import NotConnectedError, ask, default_name
from engine.remote.connection import Link
from engine.remote.host_file import HostFile, write_host_file
from engine.remote.liveness import State
from tests.engine.remote.fake_run import FakeRun, progress, record, run_started
from tests.engine.remote.processes import RawClient, Watching, hosted, wait_until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "fast-1"


@pytest.fixture
def private(runtime_dir: Path) -> Path:
    """The directory of control sockets."""
    (runtime_dir / "cifar-tui").mkdir(mode=0o700)
    return runtime_dir / "cifar-tui"


def recorded(path: Path) -> list[Event]:
    return list(read_events(path / "events.jsonl"))


def rare(events: list[Any]) -> list[Any]:
    """The events that are recorded."""
    return [e for e in events if not e.live]


def test_a_run_is_watched_steered_and_stopped(path: Path) -> None:
    with hosted(path) as host:
        wait_until((path / "host.json").exists)
        with Watching(path, name="ada") as ada, Watching(path, name="bob") as bob:
            ada.until(lambda: ada.of(BatchCompleted))
            assert ada.status.link is Link.CONNECTED and ada.is_alive
            pause = ada.send(Pause())
            ada.until(lambda: ada.of(RunPaused) and pause in ada.answered)
            assert ada.answered[pause] == ""
            bob.until(lambda: bob.of(RunPaused))
            assert bob.of(RunPaused)[0].by == "ada", "each sees what the other did"
            bob.send(Resume())
            ada.until(lambda: ada.of(RunResumed))
            assert ada.of(RunResumed)[0].by == "bob"
            ada.send(InspectImage(id="mine", path="x.png"))
            ada.until(lambda: ada.of(InspectionFailed))
            assert ada.of(InspectionFailed)[0].id == "mine"
            bob.send(Stop(reason="enough"))
            for watching in (ada, bob):
                watching.until(lambda w=watching: w.of(RunStopped) and w.status.link is Link.ENDED)  # type: ignore[misc]
                assert not watching.is_alive and watching.status.state is State.STOPPED
                assert rare(watching.seen) == recorded(path)
            assert not bob.of(InspectionFailed), "nobody else's business"
        assert host.wait() == 0
    assert not {"host.json", "progress.json"} & {p.name for p in path.iterdir()}


def test_it_is_woken_for_what_should_be_shown_at_once(path: Path) -> None:
    run = FakeRun(path)
    run.start()
    woken: list[str] = []
    connection = connection_module.Connection(path)
    connection.start(lambda: woken.append("now"))
    wait_until(lambda: woken and connection.events())
    wait_until(lambda: connection.status.link is Link.CONNECTED)
    connection.events()
    woken.clear()
    run.samples(1, 5)
    run.emit(progress(5))
    wait_until(lambda: any(isinstance(e, BatchCompleted) for e in connection.events()))
    assert not woken
    run.emit(EpochStarted(epoch=1, learning_rate=0.1))
    wait_until(lambda: woken)
    connection.close()
    run.stop()


def test_a_read_only_watcher_is_refused(path: Path) -> None:
    run = FakeRun(path)
    run.start()
    with Watching(path, read_only=True) as watching:
        watching.until(lambda: watching.status.link is Link.CONNECTED)
        request = watching.send(Pause())
        watching.until(lambda: request in watching.answered)
        assert watching.answered[request] == "this client is read-only"
    assert run.control.commands == []
    run.stop()


def test_one_command_can_be_sent_without_watching(path: Path) -> None:
    run = FakeRun(path)
    run.start()
    run.samples(1, 1000)
    assert ask(path, Evaluate(), "script").refused == ""
    assert run.control.commands == [(Evaluate(), "script")]
    run.stop()
    with pytest.raises(NotConnectedError):
        ask(path, Evaluate())


def test_a_name_says_who_watches() -> None:
    assert "@" in default_name()


def test_watchers_that_come_at_any_time_see_every_event_once(path: Path) -> None:
    run = FakeRun(path)
    run.start()
    watchers = []
    for n in range(20):
        run.samples(10 * n + 1, 10)
        watchers.append(Watching(path))
        run.samples(10 * n + 11, 1)
        run.emit(progress(n))
    run.stop()
    for watching in watchers:
        watching.until(lambda w=watching: w.of(RunStopped))  # type: ignore[misc]
        assert rare(watching.seen) == recorded(path)
        watching.close()


def test_a_run_that_goes_on_in_another_process_is_seen_on(path: Path) -> None:
    """As after a hand-over, and after a crash and a resume."""
    with hosted(path) as first, Watching(path) as watching:
        watching.until(lambda: watching.of(BatchCompleted))
        first.send(signal.SIGKILL)
        watching.until(lambda: watching.status.link is Link.CRASHED)
        before = len(watching.seen)
        with hosted(path) as second:
            watching.until(lambda: watching.status.link is Link.CONNECTED)
            watching.until(lambda: len(watching.of(RunStarted)) == 2)
            assert len(watching.seen) > before
            watching.send(Stop())
            watching.until(lambda: watching.status.link is Link.ENDED)
            assert second.wait() == 0
        assert rare(watching.seen) == recorded(path)


def test_a_host_that_closes_its_socket_and_opens_another_is_found_again(path: Path) -> None:
    run = FakeRun(path)
    run.start()
    with Watching(path) as watching:
        watching.until(lambda: watching.status.link is Link.CONNECTED)
        run.host.close()
        run.samples(1, 50)
        watching.until(lambda: watching.status.link is Link.FOLLOWING)
        run.host.reopen()
        run.samples(51, 50)
        watching.until(lambda: watching.status.link is Link.CONNECTED)
        run.stop()
        watching.until(lambda: watching.of(RunStopped))
        assert rare(watching.seen) == recorded(path)


def test_a_run_that_has_ended_is_shown_from_its_log(path: Path) -> None:
    record(path, run_started(path), RunStopped(epoch=1, step=1, reason="x", saved=None))
    with Watching(path) as watching:
        watching.until(lambda: watching.status.link is Link.ENDED)
        watching.until(lambda: watching.seen == recorded(path))
        request = watching.send(Pause())
        watching.until(lambda: request in watching.answered)
        assert watching.answered[request]


def test_a_run_on_another_machine_is_followed_by_its_files(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(progress_file, "SECONDS", 0.02)
    run = FakeRun(path)
    run.start()
    here = HostFile.of_this_process(path, "/run/not/here.sock")
    write_host_file(path, dataclasses.replace(here, hostname="node7", boot_id="other"))
    with Watching(path) as watching:
        watching.until(lambda: watching.of(RunStarted))
        watching.until(lambda: watching.status.link is Link.FOLLOWING)
        assert watching.is_alive and "node7" in watching.status.reason
        run.samples(1, 10)
        run.emit(progress(10))
        watching.until(lambda: watching.of(BatchCompleted))
        assert watching.of(BatchCompleted)[-1] == progress(10)
        request = watching.send(Pause())
        watching.until(lambda: request in watching.answered)
        assert "node7" in watching.answered[request]
        run.stop()
        watching.until(lambda: watching.status.link is Link.ENDED)
        assert rare(watching.seen) == recorded(path)


def test_another_users_run_is_followed_by_its_files(path: Path) -> None:
    run = FakeRun(path)
    run.start()
    host = HostFile.of_this_process(path, "/run/x.sock")
    write_host_file(path, dataclasses.replace(host, uid=host.uid + 1))
    with Watching(path) as watching:
        watching.until(lambda: watching.status.link is Link.FOLLOWING)
        assert watching.status.reason == "it belongs to another user"
    run.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user_at_the_socket_is_not_believed(path: Path, private: Path) -> None:
    record(path, run_started(path))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(private / "0123456789abcdef.sock"))
        pid = os.fork()
        if pid == 0:
            os.setuid(65534)
            listener.listen()  # the user is the one who does this
            os._exit(0)
        os.waitpid(pid, 0)
        write_host_file(path, HostFile.of_this_process(path, str(private / "0123456789abcdef.sock")))
        with pytest.raises(NotConnectedError, match="its socket belongs to a process of another user"):
            ask(path, Pause())


def test_a_socket_anywhere_else_is_not_connected_to(path: Path, runtime_dir: Path, private: Path) -> None:
    """A `host.json` is a file that anybody may have written: it names no socket of another program."""
    record(path, run_started(path))
    runtime_dir.chmod(0o755)
    for place in (runtime_dir / "0123456789abcdef.sock", private / "agent.sock"):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(place))
            listener.listen()
            listener.settimeout(0.1)
            write_host_file(path, HostFile.of_this_process(path, str(place)))
            with pytest.raises(NotConnectedError, match="its socket is gone"):
                ask(path, Pause())
            with pytest.raises(TimeoutError):
                listener.accept()


def test_the_copy_of_a_live_runs_directory_does_not_lead_to_that_run(path: Path) -> None:
    run = FakeRun(path)
    run.start()
    copy = path.with_name("copy")
    shutil.copytree(path, copy, ignore=shutil.ignore_patterns("*.tmp"))
    with Watching(copy) as watching:
        watching.until(lambda: watching.status.link is Link.CRASHED)
        assert "copy" in watching.status.reason
    run.stop()


def test_a_run_whose_directory_is_renamed_is_still_reached(path: Path) -> None:
    run = FakeRun(path)
    run.start()
    renamed = path.with_name("renamed")
    with Watching(path) as before:
        before.until(lambda: before.status.link is Link.CONNECTED)
        path.rename(renamed)
        with Watching(renamed) as after:
            run.emit(EpochStarted(epoch=1, learning_rate=0.1))  # which the log refuses now
            for watching in (before, after):
                watching.until(lambda w=watching: w.of(EpochStarted))  # type: ignore[misc]
            assert ask(renamed, Pause()).refused == ""
            assert [type(e) for e in after.seen] == [RunStarted, EpochStarted]
    renamed.rename(path)
    run.stop()


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH\r\n", b'{"hello": "cifar-tui", "protocol": 2}\n', b"", b"{}\n"])
def test_what_listens_there_and_is_no_run_is_not_taken_for_one(
    path: Path, private: Path, greeting: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.remote.channel.HELLO_SECONDS", 0.1)
    record(path, run_started(path))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(private / "0123456789abcdef.sock"))
        listener.listen()
        write_host_file(path, HostFile.of_this_process(path, str(private / "0123456789abcdef.sock")))
        with Watching(path) as watching:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)
                watching.until(lambda: watching.status.link is Link.FOLLOWING)
                watching.until(lambda: watching.of(RunStarted))


def test_it_closes_at_any_time(path: Path) -> None:
    never_started = connection_module.Connection(path)
    never_started.close()
    with Watching(path):
        pass
    run = FakeRun(path)
    run.start()
    watching = Watching(path)
    watching.until(lambda: watching.status.link is Link.CONNECTED)
    watching.close()
    watching.close()
    wait_until(lambda: not any(t.name == "connection" for t in _threads()))
    run.stop()


def _threads() -> list[Any]:
    import threading

    return threading.enumerate()


def test_the_socket_can_be_used_by_hand(path: Path) -> None:
    """The protocol is lines of JSON: `socat - UNIX-CONNECT:$(jq -r .socket host.json)` does."""
    import json

    run = FakeRun(path)
    run.start()
    address = json.loads((path / "host.json").read_text())["socket"]
    with RawClient(Path(address)) as client:
        assert client.line()["run"] == "fast-1"
        client.send(b'{"hello": "cifar-tui", "protocol": 1, "name": "me", "read_only": false}\n')
        client.send(b'{"request": 1, "command": "pause"}\n')
        assert client.line() == {"request": 1, "answer": "done"}
    run.stop()
