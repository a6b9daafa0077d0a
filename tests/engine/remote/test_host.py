"""A run within reach of others: what a host keeps in the run directory, from when to when, and what it does when that fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events.commands import Pause
from engine.events.types import (
    EpochStarted,
    Event,
    ImagesSkipped,
    LineLogged,
    PreparationAdvanced,
    RunFailed,
    RunStarted,
    RunStopped,
)
from engine.remote import address, server
from engine.remote.channel import ask
from engine.remote.connection import Link
from engine.remote.host import Host
from engine.remote.host_file import read_host_file
from engine.remote.liveness import State
from engine.remote.summary import summarize
from engine.storage.run_directory import RunDirectory
from tests.engine.remote.fake_run import FakeControl, FakeRun, progress, record, run_started
from tests.engine.remote.processes import Watching, wait_until

STOPPED = RunStopped(epoch=1, step=1, reason="asked to stop", saved=None)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[FakeRun]:
    run = FakeRun(tmp_path / "runs" / "run")
    yield run
    run.host.close()
    run.directory.close()


def test_the_listener_receives_every_event_in_order(run: FakeRun) -> None:
    events = [PreparationAdvanced(step="x"), run_started(run.path), progress(1), STOPPED]
    for event in events:
        run.emit(event)
    assert run.told == events


def test_a_run_is_in_reach_from_its_start_to_its_end(run: FakeRun, runtime_dir: Path) -> None:
    run.emit(PreparationAdvanced(step="Importing PyTorch"))
    assert not (run.path / "host.json").exists()
    run.start()
    host = read_host_file(run.path)
    assert host is not None and host.pid == os.getpid()
    wait_until((run.path / "progress.json").exists)
    assert ask(run.path, Pause(), "ada").refused == "" and run.control.commands == [(Pause(), "ada")]
    run.emit(STOPPED)
    assert not {"host.json", "progress.json"} & {p.name for p in run.path.iterdir()}
    assert list((runtime_dir / "cifar-tui").iterdir()) == []


def test_watchers_receive_the_end_before_the_socket_is_closed(run: FakeRun) -> None:
    run.start()
    with Watching(run.path) as watching:
        watching.until(lambda: watching.status.link is Link.CONNECTED)
        (run.path / "events.jsonl").unlink()  # so that it can come over the socket only
        run.emit(STOPPED)
        watching.until(lambda: watching.of(RunStopped))


def test_leaving_without_an_end_closes_too(run: FakeRun) -> None:
    with run.host:
        run.start()
        assert (run.path / "host.json").exists()
    assert not (run.path / "host.json").exists()
    run.host(progress(1))
    run.host(run_started(run.path))
    assert not (run.path / "host.json").exists(), "it is over"


def test_what_the_disk_refused_before_the_start_reaches_watchers_once(run: FakeRun) -> None:
    skipped, started = ImagesSkipped(count=1, names=("x",)), run_started(run.path)
    run.host(skipped)
    run.host(started)  # neither is in the log
    with Watching(run.path) as early:
        early.until(lambda: len(early.seen) == 2)
        for event in (skipped, started, EpochStarted(epoch=1, learning_rate=0.1)):
            run.directory.append(event)
        run.host(EpochStarted(epoch=1, learning_rate=0.1))
        with Watching(run.path) as late:
            for watching in (early, late):
                watching.until(lambda w=watching: w.of(EpochStarted))  # type: ignore[misc]
                assert [type(e) for e in watching.seen] == [ImagesSkipped, RunStarted, EpochStarted]


def test_a_resumed_run_is_in_reach_while_it_prepares(tmp_path: Path) -> None:
    path = record(tmp_path / "run", run_started(tmp_path / "run"), STOPPED)
    control, told = FakeControl(), list[Event]()
    host = Host(told.append, control, resumed=path)
    host(PreparationAdvanced(step="Reading the checkpoint"))
    assert not (path / "host.json").exists(), "its lock is not held yet"
    directory = RunDirectory(path)
    directory.lock()
    host(LineLogged(source="engine", text="early"))
    host(PreparationAdvanced(step="Loading images", done=3, total=9))
    summary = summarize(path)
    assert summary is not None and summary.state is State.PREPARING
    with Watching(path) as watching:
        watching.until(lambda: watching.of(PreparationAdvanced) and watching.of(LineLogged))
        assert watching.of(PreparationAdvanced)[-1].step == "Loading images"
        for event in (told[1], run_started(path)):
            directory.append(event)
        host(run_started(path))
        watching.until(lambda: len(watching.of(RunStarted)) == 2)
        assert [type(e) for e in watching.seen if not e.live] == [RunStarted, RunStopped, LineLogged, RunStarted]
        host(RunFailed(title="t", message="m", kind="k"))
        watching.until(lambda: watching.of(RunFailed))
    directory.close()


def test_another_process_that_holds_the_lock_is_not_taken_for_this_one(tmp_path: Path) -> None:
    path = record(tmp_path / "run")
    (path / "lock").write_text("1")
    host = Host(lambda event: None, FakeControl(), resumed=path)
    host(PreparationAdvanced(step="Loading images"))
    assert not (path / "host.json").exists()


def test_without_a_place_for_a_socket_the_run_goes_on_and_says_so_once(
    run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "socket_directories", lambda: iter([Path("/nowhere/at/all")]))
    run.start()
    run.samples(1, 3)
    said = [e.text for e in run.told if isinstance(e, LineLogged)]
    assert said == ["Other processes can't control this run: /nowhere/at/all: No such file or directory"]
    host = read_host_file(run.path)
    assert host is not None and host.socket == ""
    summary = summarize(run.path)
    assert summary is not None and summary.state is State.TRAINING


def test_in_a_directory_that_takes_no_file_the_run_goes_on_and_says_so(
    run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.remote.host.write_host_file", refuse)
    monkeypatch.setattr("engine.remote.progress_file.replace_file", refuse)
    run.start()
    run.samples(1, 3)
    assert next(e.text for e in run.told if isinstance(e, LineLogged)).endswith("No space left on device")
    run.emit(STOPPED)
    assert isinstance(run.told[-1], RunStopped)


def test_a_fault_of_the_server_reaches_the_listener_no_less(run: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run.start()

    def fail(self: object, event: Event) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(server.ControlServer, "publish", fail)
    with pytest.raises(RuntimeError):
        run.host(progress(1))
    assert run.told[-1] == progress(1)
