"""Run directories: who holds one, which files in it are checkpoints, lost settings, and resuming from anywhere."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.errors import ConfigError, RunDirectoryError
from engine.events.commands import Stop
from engine.events.types import (
    EpochCompleted,
    Event,
    LineLogged,
    LossSampled,
    RunCompleted,
    RunFailed,
    RunStarted,
    RunStopped,
)
from engine.storage.find_runs import find_run, is_held
from engine.storage.run_directory import RunDirectory
from engine.training.control import Control
from tests.support.runs import train
from tui_cifar.run.resume import find_unfinished, recorded_config

Quick = Callable[..., Config]

HOLD = """
import sys
from pathlib import Path
from engine.errors import EngineError
from engine.storage.run_directory import RunDirectory
try:
    RunDirectory(Path(sys.argv[1])).lock()
except EngineError as e:
    sys.exit(e.message)
print("held", flush=True)
sys.stdin.read()
"""
CREATE = """
import sys
from pathlib import Path
from engine.storage.run_directory import RunDirectory
sys.stdin.readline()
run = RunDirectory.create(Path(sys.argv[1]), "", "same")
print(run.path.name, flush=True)
sys.stdin.read()
"""


def process(script: str, path: Path) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def stop_in_the_second_epoch(event: Event, control: Control) -> None:
    if isinstance(event, LossSampled) and event.epoch == 2:
        control.send(Stop())


@pytest.fixture
def stopped(quick: Quick, tmp_path: Path) -> Path:
    """A run stopped in its second epoch of three."""
    assert isinstance(train(quick(epochs=3), stop_in_the_second_epoch).events[-1], RunStopped)
    return tmp_path / "runs" / "run"


# -- locks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deleted", [False, True])
def test_deleting_the_lock_file_does_not_let_a_second_process_in(tmp_path: Path, deleted: bool) -> None:
    first = process(HOLD, tmp_path)
    assert first.stdout is not None and first.stdout.readline() == "held\n"
    if deleted:
        (tmp_path / "lock").unlink()
    assert is_held(tmp_path)
    second = process(HOLD, tmp_path)
    error = second.communicate(timeout=30)[1]
    who = "another process" if deleted else f"process {first.pid}"
    assert error == f"{tmp_path} is in use by {who}.\n"
    first.kill()
    first.communicate()
    third = process(HOLD, tmp_path)
    assert third.communicate(timeout=30)[0] == "held\n", "the lock of a dead process holds nobody up"
    assert (tmp_path / "lock").read_text() == str(third.pid)


def test_a_renamed_run_directory_is_still_locked(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    first = process(HOLD, tmp_path / "old")
    assert first.stdout is not None and first.stdout.readline() == "held\n"
    (tmp_path / "old").rename(tmp_path / "new")
    with pytest.raises(RunDirectoryError, match=f"in use by process {first.pid}"):
        RunDirectory(tmp_path / "new").lock()
    first.communicate("")


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_reported_and_used(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    r = train(quick(epochs=1))
    assert isinstance(r.events[-1], RunCompleted)
    assert sum("does not support locks" in e.text for e in r.of(LineLogged)) == 1
    assert not is_held(tmp_path / "runs" / "run")
    monkeypatch.undo()
    assert not [e for e in train(quick(name="other", epochs=1)).of(LineLogged) if "locks" in e.text]


def test_a_lock_on_the_file_alone_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flock = fcntl.flock

    def like_nfs(file: object, operation: int) -> None:
        if isinstance(file, int):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(file, operation)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", like_nfs)
    one, two = RunDirectory(tmp_path), RunDirectory(tmp_path)
    one.lock()
    assert one.exclusive
    with pytest.raises(RunDirectoryError, match="in use"):
        two.lock()
    one.close()
    two.lock()
    two.close()


def test_concurrent_starts_get_a_directory_each(tmp_path: Path) -> None:
    starts = [process(CREATE, tmp_path) for _ in range(6)]
    names = set()
    for p in starts:
        assert p.stdin is not None
        p.stdin.write("\n")
        p.stdin.flush()
    for p in starts:
        assert p.stdout is not None
        names.add(p.stdout.readline().strip())
    for p in starts:
        p.communicate("")
    assert names == {"same", *(f"same-{i}" for i in range(2, 7))}


def test_only_what_a_run_killed_at_its_start_left_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / ".config.json.1.tmp").write_text("{")
    run = RunDirectory.create(tmp_path, "run", "")
    assert [p.name for p in run.path.glob(".*")] == []
    run.close()
    (tmp_path / "run" / "config.json").write_text("{}")
    (tmp_path / "file").write_text("")
    for name in ("run", "file"):
        with pytest.raises(RunDirectoryError, match="exists"):
            RunDirectory.create(tmp_path, name, "")
    assert RunDirectory.create(tmp_path, "", "file").path.name == "file-2"


def test_resume_without_a_name_prefers_a_run_that_is_not_in_use(stopped: Path, quick: Quick) -> None:
    train(quick(name="newer", epochs=3), stop_in_the_second_epoch)
    runs = stopped.parent
    assert find_run(runs, "").name == "newer"
    held = RunDirectory(runs / "newer")
    held.lock()
    assert find_run(runs, "") == stopped
    held.close()


# -- checkpoints --------------------------------------------------------------------------------------------------------


def test_folders_and_pipes_named_like_checkpoints_are_ignored(stopped: Path, quick: Quick) -> None:
    checkpoints = stopped / "checkpoints"
    (checkpoints / "epoch-0008.pt").mkdir()
    os.mkfifo(checkpoints / "epoch-0009.pt")
    r = train(quick(epochs=3, keep=1), resume=stopped)
    assert isinstance(r.events[-1], RunCompleted)
    assert sorted(p.name for p in checkpoints.iterdir() if p.is_file()) == ["best.pt", "epoch-0003.pt"]


def test_resuming_from_a_relative_checkpoint_path_sets_later_ones_aside(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(quick(epochs=3))
    checkpoints = tmp_path / "runs" / "run" / "checkpoints"
    monkeypatch.chdir(checkpoints)
    r = train(quick(epochs=2), resume=Path("epoch-0001.pt"))
    assert isinstance(r.events[-1], RunCompleted)
    assert sorted(p.name for p in (checkpoints / "aside-1").iterdir()) == [
        "best.pt",
        "epoch-0002.pt",
        "epoch-0003.pt",
    ]


# -- settings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"config": 1}', "[" * 100_000])
def test_lost_settings_are_taken_from_a_checkpoint(stopped: Path, content: str | None) -> None:
    path = stopped / "config.json"
    before = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_text(content)
    (stopped / "checkpoints" / "epoch-0009.pt").write_bytes(b"")
    config = recorded_config(stopped, {}, {})
    assert (config.run.epochs, config.optimizer.options.lr) == (3, 0.05)
    r = train(config, resume=stopped)
    assert isinstance(r.events[-1], RunCompleted) and [e.epoch for e in r.of(EpochCompleted)] == [2, 3]
    assert sum("config.json was lost" in e.text for e in r.of(LineLogged)) == 1
    assert json.loads(path.read_bytes()) == json.loads(before)


def test_without_a_checkpoint_lost_settings_are_an_error(stopped: Path) -> None:
    (stopped / "config.json").unlink()
    shutil.rmtree(stopped / "checkpoints")
    (stopped / "checkpoints").mkdir()
    with pytest.raises(RunDirectoryError, match=r"config.json: can't be read"):
        recorded_config(stopped, {}, {})


def test_a_run_keeps_its_recipe(stopped: Path) -> None:
    assert recorded_config(stopped, {"recipe": "tutorial"}, {}).recipe == "tutorial"
    for flags, toml in (({"recipe": "fast"}, {}), ({}, {"recipe": "fast"})):
        with pytest.raises(ConfigError, match="'tutorial', and a run keeps its recipe"):
            recorded_config(stopped, flags, toml)


@pytest.mark.parametrize("recorded", ["absolute", "relative"])
def test_a_run_on_a_relative_path_can_be_resumed_from_anywhere(
    quick: Quick, tmp_path: Path, image_folder: Path, monkeypatch: pytest.MonkeyPatch, recorded: str
) -> None:
    monkeypatch.chdir(image_folder.parent)
    relative = make_config({**quick(epochs=2).as_dict(), "dataset": image_folder.name, "runs_dir": str(tmp_path)})
    r = train(relative, stop_in_the_second_epoch)
    assert isinstance(r.events[-1], RunStopped)
    assert r.of(RunStarted)[0].config["dataset"] == str(image_folder)
    about = json.loads((tmp_path / "run" / "config.json").read_text())
    assert about["config"]["dataset"] == str(image_folder)
    if recorded == "relative":  # as older versions did: they go on from the same place
        about["config"]["dataset"] = image_folder.name
        (tmp_path / "run" / "config.json").write_text(json.dumps(about))
    else:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
    found = find_unfinished(tmp_path, {"dataset": str(image_folder)})
    assert found is not None and found.config.data.dataset == str(image_folder)
    run = Path("..", "run") if recorded == "absolute" else tmp_path / "run"
    r = train(recorded_config(run, {}, {}), resume=run)
    assert isinstance(r.events[-1], RunCompleted), r.events[-1]
    assert not [e for e in r.of(LineLogged) if "bit for bit" in e.text]
    if recorded == "absolute":
        assert os.listdir() == [], "nothing is made where it was called from"  # noqa: PTH208


def test_a_run_can_be_named_by_a_dot(stopped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stopped)
    assert find_run(Path("runs"), ".") == stopped
    monkeypatch.chdir(stopped / "checkpoints")
    assert find_run(Path("runs"), "..") == stopped


def test_resuming_with_fewer_epochs_than_done_only_tests(stopped: Path) -> None:
    before = sorted(p.name for p in (stopped / "checkpoints").iterdir())
    r = train(recorded_config(stopped, {"epochs": 1}, {}), resume=stopped)
    assert isinstance(r.events[-1], RunCompleted) and r.events[-1].best_epoch == 1
    assert sorted(p.name for p in (stopped / "checkpoints").iterdir()) == before
    r = train(recorded_config(stopped, {"epochs": 3}, {}), resume=stopped)
    assert isinstance(r.events[-1], RunCompleted) and [e.epoch for e in r.of(EpochCompleted)] == [2, 3]


def test_an_image_that_can_not_be_read_is_named_if_the_images_differ(
    stopped: Path, image_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(stopped.parent / ".cache")
    read = Path.read_bytes

    def refuse(self: Path) -> bytes:
        if self.match("train/red/003.png"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(self)

    with monkeypatch.context() as m:
        m.setattr(Path, "read_bytes", refuse)
        ended = train(recorded_config(stopped, {}, {}), resume=stopped).events[-1]
    assert isinstance(ended, RunFailed) and "could not be read: train/red/003.png" in ended.message
    assert isinstance(train(recorded_config(stopped, {}, {}), resume=stopped).events[-1], RunCompleted)
