"""Watchers and hosts that are killed, stopped or left without a socket, as real processes."""

from __future__ import annotations

import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events.codec import name_of
from engine.events.commands import Pause, Stop
from engine.events.log import read_events
from engine.events.types import BatchCompleted, LineLogged, LossSampled, RunPaused, RunStopped
from engine.remote.connection import Link
from engine.remote.host_file import read_host_file
from engine.remote.liveness import State
from tests.engine.remote.processes import Watching, hosted, wait_until, watcher


@pytest.fixture(autouse=True)
def runtime_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A directory of the test's own for sockets, with a short path."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "fast-1"


def crashed_in_time(watching: Watching, killed: float) -> None:
    watching.until(lambda: watching.status.link is Link.CRASHED, seconds=3 - (time.monotonic() - killed))
    assert watching.status.state is State.CRASHED and not watching.is_alive


def test_a_killed_host_is_seen_to_have_crashed_within_three_seconds(path: Path) -> None:
    with hosted(path) as host, Watching(path) as watching:
        watching.until(lambda: watching.of(BatchCompleted))
        host.send(signal.SIGKILL)
        crashed_in_time(watching, time.monotonic())
        assert [e for e in watching.seen if not e.live] == list(read_events(path / "events.jsonl"))
        request = watching.send(Pause())
        watching.until(lambda: request in watching.answered)
        assert watching.answered[request]


def test_a_killed_host_without_a_socket_is_seen_to_have_crashed_within_three_seconds(path: Path) -> None:
    with hosted(path, "--no-socket") as host, Watching(path) as watching:
        watching.until(lambda: watching.of(LossSampled))
        assert watching.status.link is Link.FOLLOWING
        host.send(signal.SIGKILL)
        crashed_in_time(watching, time.monotonic())


def test_a_host_without_a_socket_trains_on_and_can_be_watched(path: Path) -> None:
    with hosted(path, "--no-socket") as host, Watching(path) as watching:
        watching.until(lambda: watching.of(LossSampled) and watching.status.link is Link.FOLLOWING)
        assert watching.status.reason == "its process has no socket"
        assert watching.is_alive and watching.status.state is State.TRAINING
        watching.until(lambda: watching.of(BatchCompleted))
        found = read_host_file(path)
        assert found is not None and found.pid == host.pid and found.socket == ""


def test_after_the_kill_of_a_host_its_socket_is_removed_by_the_first_who_looks(path: Path) -> None:
    with hosted(path) as host:
        wait_until((path / "host.json").exists)
        host.send(signal.SIGKILL)
        host.wait()
        found = read_host_file(path)
        assert found is not None
        assert stat.S_ISSOCK(Path(found.socket).stat().st_mode)
        with Watching(path) as watching:
            watching.until(lambda: watching.status.link is Link.CRASHED)
        assert not Path(found.socket).exists()


def test_ten_watchers_are_killed_and_the_run_does_not_notice(path: Path) -> None:
    with hosted(path), Watching(path) as watching:
        watching.until(lambda: watching.status.link is Link.CONNECTED)
        watchers = [watcher(path) for _ in range(10)]
        for process in watchers:
            assert process.line() == "run_started"
        for process in watchers:
            process.send(signal.SIGKILL)
        before = len(watching.of(LossSampled))
        watching.until(lambda: len(watching.of(LossSampled)) > before + 50)
        watching.send(Pause())
        watching.until(lambda: watching.of(RunPaused))
        watching.send(Stop())
        watching.until(lambda: watching.of(RunStopped))
        for process in watchers:
            assert process.wait() == -signal.SIGKILL


def test_a_stopped_watcher_is_dropped_and_sees_everything_once_it_goes_on(path: Path) -> None:
    with hosted(path, "--chatty") as host, watcher(path) as stopped, Watching(path) as watching:
        assert stopped.line() == "run_started"
        stopped.send(signal.SIGSTOP)
        before = _memory(host.pid)
        watching.until(lambda: len(watching.of(LineLogged)) > 400)  # 40 MB
        assert _memory(host.pid) - before < 24 * 2**20
        watching.send(Stop())
        watching.until(lambda: watching.of(RunStopped))
        assert host.wait() == 0
        stopped.send(signal.SIGCONT)
        expected = [e for e in read_events(path / "events.jsonl") if not isinstance(e, LossSampled)]
        assert [stopped.line() for _ in expected[1:]] == [name_of(e) for e in expected[1:]]


def _memory(pid: int) -> int:
    """Bytes that a process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def test_a_stopped_host_is_alive_and_is_heard_again_when_it_goes_on(path: Path) -> None:
    with hosted(path) as host, Watching(path) as watching:
        watching.until(lambda: watching.of(BatchCompleted))
        host.send(signal.SIGSTOP)
        time.sleep(0.3)
        assert watching.status.link is Link.CONNECTED
        request = watching.send(Pause())
        host.send(signal.SIGCONT)
        watching.until(lambda: watching.answered.get(request) == "")


@pytest.mark.parametrize("missing", ["/nowhere", ""])
def test_without_a_runtime_directory_the_run_is_reached_all_the_same(
    path: Path, missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", missing)
    with hosted(path), Watching(path) as watching:
        watching.until(lambda: watching.status.link is Link.CONNECTED)
        watching.send(Stop())
        watching.until(lambda: watching.of(RunStopped))


def test_a_run_whose_path_has_hundreds_of_characters_is_reached(tmp_path: Path) -> None:
    path = tmp_path / ("long" * 40) / ("name" * 40)
    assert len(str(path)) > 300
    with hosted(path), Watching(path) as watching:
        watching.until(lambda: watching.status.link is Link.CONNECTED and watching.of(BatchCompleted))
        watching.send(Stop())
        watching.until(lambda: watching.of(RunStopped))
