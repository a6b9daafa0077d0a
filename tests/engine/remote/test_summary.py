"""Runs at a glance, and the truth of their states."""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.events.codec import to_json
from engine.events.types import RunCompleted, RunPaused, RunStopped
from engine.remote import progress_file
from engine.remote import summary as summary_module
from engine.remote.host_file import HostFile, read_host_file, write_host_file
from engine.remote.liveness import State, is_alive, is_locked
from engine.remote.summary import RunScanner, RunSummary, summarize
from engine.storage.run_directory import RunDirectory
from tests.engine.remote.fake_run import FakeRun, progress, record
from tests.engine.remote.processes import hosted, wait_until
from tests.support.events import epoch_completed, run_started

STOPPED = RunStopped(epoch=2, step=3, reason="asked to stop", saved=None, best_epoch=1, best_valid_accuracy=0.5)
DONE = RunCompleted(epochs=4, seconds=61.5, test_accuracy=0.9, test_loss=0.3, best_epoch=3, best_valid_accuracy=0.8)


def state(run: Path) -> State:
    found = summarize(run)
    assert found is not None
    return found.state


def elsewhere(run: Path, **changes: Any) -> None:
    """Write a `host.json` of a process on another machine."""
    host = HostFile.of_this_process(run, "")
    write_host_file(run, dataclasses.replace(host, **{"hostname": "node7", "boot_id": "other", **changes}))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[FakeRun]:
    run = FakeRun(tmp_path / "run")
    yield run
    run.host.close()
    run.directory.close()


def test_a_completed_run(tmp_path: Path) -> None:
    started = dataclasses.replace(run_started(), time=1000.0)
    path = record(tmp_path / "night", started, epoch_completed(4), dataclasses.replace(DONE, time=1070.0))
    assert summarize(path) == RunSummary(
        path=path,
        state=State.DONE,
        recipe="fast",
        dataset="shapes",
        network="airbench",
        device="H100",
        epoch=4,
        epochs=12,
        best_accuracy=0.8,
        best_epoch=3,
        test_accuracy=0.9,
        seconds=61.5,
        started=1000.0,
        last_word=(path / "events.jsonl").stat().st_mtime,
    )


def test_the_age_of_a_run_is_never_negative(tmp_path: Path) -> None:
    summary = summarize(record(tmp_path / "run", dataclasses.replace(run_started(), time=1000.0), DONE))
    assert summary is not None
    assert summary.age(1600.0) == 600.0
    assert summary.age(200.0) == 0.0, "the clock was set back"


def test_a_live_run_and_its_progress(run: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_file, "SECONDS", 0.01)
    assert state(run.path) is State.PREPARING
    run.start()
    assert state(run.path) is State.TRAINING
    run.emit(progress(3))
    wait_until(lambda: (found := summarize(run.path)) is not None and found.seconds_left == 61.5)
    run.emit(RunPaused(phase="training", epoch=1, step=5))
    assert state(run.path) is State.PAUSED
    run.emit(STOPPED)
    assert state(run.path) is State.STOPPED
    run.directory.close()
    assert state(run.path) is State.STOPPED


def test_a_stopped_and_a_crashed_run(tmp_path: Path) -> None:
    assert state(record(tmp_path / "stopped", run_started(), epoch_completed(1), STOPPED)) is State.STOPPED
    crashed = summarize(record(tmp_path / "crashed", run_started(), epoch_completed(1)))
    assert crashed is not None
    assert (crashed.state, crashed.epoch, crashed.best_epoch) == (State.CRASHED, 1, 1)
    assert crashed.state.can_be_resumed and not crashed.state.is_live


def test_a_run_that_is_being_resumed_prepares(tmp_path: Path) -> None:
    run = record(tmp_path / "run", run_started(), STOPPED)
    directory = RunDirectory(run)
    directory.lock()
    os.utime(run / "events.jsonl", (1000, 1000))
    write_host_file(run, HostFile.of_this_process(run, ""))
    assert state(run) is State.PREPARING
    directory.close()


def test_a_run_that_has_just_ended_does_not_seem_to_prepare_while_its_process_cleans_up(tmp_path: Path) -> None:
    run = record(tmp_path / "run", run_started(), STOPPED)
    directory = RunDirectory(run)
    directory.lock()
    write_host_file(run, HostFile.of_this_process(run, ""))
    os.utime(run / "host.json", (1000, 1000))
    assert state(run) is State.STOPPED
    directory.close()


def test_a_killed_host_leaves_a_crashed_run_even_before_it_is_reaped(tmp_path: Path) -> None:
    with hosted(tmp_path / "run") as host:
        wait_until(lambda: read_host_file(tmp_path / "run"))
        assert state(tmp_path / "run") is State.TRAINING
        host.send(signal.SIGKILL)
        wait_until(lambda: state(tmp_path / "run") is State.CRASHED, seconds=3)


def test_a_process_that_got_the_number_of_a_dead_host_is_not_taken_for_it(tmp_path: Path) -> None:
    run = record(tmp_path / "run", run_started())
    host = HostFile.of_this_process(run, "")
    write_host_file(run, dataclasses.replace(host, process_start=host.process_start + 1))
    assert state(run) is State.CRASHED


def test_a_host_that_lets_go_of_the_lock_for_a_moment_to_hand_the_run_over_is_alive(tmp_path: Path) -> None:
    run = record(tmp_path / "run", run_started())
    write_host_file(run, HostFile.of_this_process(run, ""))
    assert state(run) is State.TRAINING


def test_a_copy_of_a_live_runs_directory_is_not_alive(run: FakeRun, tmp_path: Path) -> None:
    run.start()
    shutil.copytree(run.path, tmp_path / "copy", ignore=shutil.ignore_patterns("*.tmp"))
    assert state(run.path) is State.TRAINING
    assert state(tmp_path / "copy") is State.CRASHED


def test_a_renamed_directory_of_a_live_run_is_alive(run: FakeRun, tmp_path: Path) -> None:
    run.start()
    run.path.rename(tmp_path / "renamed")
    assert state(tmp_path / "renamed") is State.TRAINING


def test_after_a_reboot_a_run_has_crashed(tmp_path: Path) -> None:
    run = record(tmp_path / "run", run_started())
    elsewhere(run, hostname=HostFile.of_this_process(run, "").hostname)
    assert state(run) is State.CRASHED


def test_a_run_on_another_machine_is_believed_while_its_files_change(tmp_path: Path) -> None:
    run = record(tmp_path / "run", run_started(), epoch_completed(1))
    elsewhere(run)
    found = summarize(run)
    assert found is not None and (found.state, found.hostname) == (State.TRAINING, "node7")
    long_ago = time.time() - 3600
    os.utime(run / "events.jsonl", (long_ago, long_ago))
    found = summarize(run)
    assert found is not None and found.state is State.UNKNOWN
    assert found.last_word == pytest.approx(long_ago)
    (run / "progress.json").write_text("{}")
    assert state(run) is State.TRAINING, "its sign of life is newer than its log"


def test_with_the_clock_set_back_a_silent_run_on_another_machine_is_not_believed_for_ever(tmp_path: Path) -> None:
    run = record(tmp_path / "run", run_started())
    elsewhere(run)
    tomorrow = time.time() + 86_400
    os.utime(run / "events.jsonl", (tomorrow, tomorrow))
    assert state(run) is State.UNKNOWN


def test_with_the_clock_set_back_states_on_this_machine_stay_true(tmp_path: Path) -> None:
    tomorrow = time.time() + 86_400
    run = record(tmp_path / "run", dataclasses.replace(run_started(), time=tomorrow))
    os.utime(run / "events.jsonl", (tomorrow, tomorrow))
    assert state(run) is State.CRASHED
    write_host_file(run, HostFile.of_this_process(run, ""))
    assert state(run) is State.TRAINING


def test_where_the_file_system_knows_no_locks_the_process_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    run = record(tmp_path / "run", run_started())
    assert is_locked(run) is None and is_alive(run, None) is None
    write_host_file(run, HostFile.of_this_process(run, ""))
    assert state(run) is State.TRAINING
    write_host_file(run, dataclasses.replace(HostFile.of_this_process(run, ""), process_start=1))
    assert state(run) is State.CRASHED


def test_looking_at_a_lock_does_not_keep_others_from_it(tmp_path: Path) -> None:
    run = record(tmp_path / "run")
    assert is_locked(run) is False
    directory = RunDirectory(run)
    directory.lock()
    assert is_locked(run) is True
    directory.close()
    assert is_locked(run) is False


@pytest.mark.parametrize(
    "config",
    [None, b"", b"[]", b'{"config": []}', b'{"config": {"recipe": 3, "epochs": "x"}}', b"{" * 9999, b"\xff"],
)
def test_a_config_that_is_none_costs_the_names_only(tmp_path: Path, config: bytes | None) -> None:
    run = record(tmp_path / "run", run_started(), DONE)
    (run / "config.json").unlink()
    if config is not None:
        (run / "config.json").write_bytes(config)
    found = summarize(run)
    assert found is not None
    assert (found.state, found.recipe, found.epochs, found.test_accuracy) == (State.DONE, "", 0, 0.9)


def test_directories_and_files_that_are_no_runs_are_left_out(tmp_path: Path) -> None:
    record(tmp_path / "run", run_started(), DONE)
    (tmp_path / ".cache").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "shell" / "checkpoints").mkdir(parents=True)
    (tmp_path / "shell" / "lock").touch()
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    assert [run.name for run in RunScanner(tmp_path).scan()] == ["run"]
    assert RunScanner(tmp_path / "nowhere").scan() == []


def test_runs_are_listed_with_the_newest_first(tmp_path: Path) -> None:
    for name, started in (("a", 3.0), ("b", 1.0), ("c", 2.0)):
        record(tmp_path / name, dataclasses.replace(run_started(), time=started), DONE)
    record(tmp_path / "no start")
    assert [run.name for run in RunScanner(tmp_path).scan()] == ["a", "c", "b", "no start"]


def test_a_scanner_sees_what_changes_and_reads_no_ended_run_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    summarize = summary_module.summarize

    def noted(path: Path) -> RunSummary | None:
        read.append(path.name)
        return summarize(path)

    monkeypatch.setattr(summary_module, "summarize", noted)
    scanner = RunScanner(tmp_path)
    record(tmp_path / "done", run_started(), DONE)
    record(tmp_path / "crashed", run_started())
    scanner.scan()
    read.clear()
    assert {run.name: run.state for run in scanner.scan()} == {"done": State.DONE, "crashed": State.CRASHED}
    assert read == ["crashed"], "somebody may take it up"

    with (tmp_path / "done" / "events.jsonl").open("a") as f:
        f.write(to_json(run_started(epochs=20)) + "\n")
    assert {run.name: run.state for run in scanner.scan()}["done"] is State.CRASHED
    shutil.rmtree(tmp_path / "done")
    assert [run.name for run in scanner.scan()] == ["crashed"]
