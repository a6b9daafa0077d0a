"""What disks, clocks, other processes and closed files do to a run: real ones, as far as this machine allows."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from engine.config.schema import Config
from engine.events.commands import Save, Stop
from engine.events.log import read_events
from engine.events.types import (
    BatchCompleted,
    CheckpointFailed,
    CheckpointSaved,
    CheckpointSkipped,
    EpochCompleted,
    EpochStarted,
    Event,
    LineLogged,
    LossSampled,
    RunCompleted,
    RunEnded,
    RunFailed,
    RunStarted,
    RunStopped,
    TestStarted,
)
from engine.storage import checkpoint_writer
from engine.storage.checkpoint import load_checkpoint, serialize
from engine.training.control import Control
from engine.training.hooks import Hook
from engine.training.state import TrainingState
from engine.training.trainer import Trainer
from tests.support.hooks import BeforeBatch, FailingForward
from tests.support.program import Plan, start
from tests.support.runs import train
from tests.support.states import same

Quick = Callable[..., Config]
COMMAND = [sys.executable, "-m", "tui_cifar"]
HOLDERS = (Trainer, TrainingState)
"""What holds the memory of a run."""


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A file system mounted on a folder; skips where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def whole(run: Path) -> list[Path]:
    """The checkpoints of a run, each of them read; nothing else lies beside them."""
    files = sorted((run / "checkpoints").iterdir())
    for path in files:
        load_checkpoint(path)
    return files


# -- disks --------------------------------------------------------------------------------------------------------------


def test_a_full_disk_costs_checkpoints_and_nothing_else(quick: Quick, tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=32m", "tmpfs") as disk:
        filler, kept = disk / "filler", []

        def act(event: Event, control: Control) -> None:
            if isinstance(event, CheckpointSaved) and not kept:
                kept.append(Path(event.path).read_bytes())
                with contextlib.suppress(OSError), filler.open("wb") as f:
                    while True:
                        f.write(bytes(4096))
            if isinstance(event, EpochCompleted) and event.epoch == 4:
                earlier = disk / "run" / "checkpoints" / "epoch-0001.pt"
                assert earlier.read_bytes() == kept[0], "the earlier checkpoint is as it was"
                filler.unlink()

        r = train(quick(epochs=6, runs_dir=str(disk), keep=2), act)
        assert isinstance(r.events[-1], RunCompleted)
        failed = r.of(CheckpointFailed)
        assert failed and {e.error for e in failed} == {"No space left on device"}
        assert [p.name for p in whole(disk / "run")] == ["best.pt", "epoch-0005.pt", "epoch-0006.pt"]
        told = [e for e in read_events(disk / "run" / "events.jsonl") if isinstance(e, EpochCompleted)]
        assert [e.epoch for e in told] == [1, 2, 3, 4, 5, 6], "what the full disk refused was written once it could be"
        assert sum("events.jsonl" in e.text for e in r.of(LineLogged)) <= 1


@pytest.mark.long
@pytest.mark.parametrize("room", [0, 4, 12, 40, 90, 2000, 4300, 5000, 9000])
def test_whatever_room_a_disk_has_nothing_half_written_is_left(quick: Quick, tmp_path: Path, room: int) -> None:
    """So that each file, the first and the last, meets the full disk: `room` is what is left, in KiB."""
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", f"size={max(4, room)}k", "tmpfs") as disk:
        if not room:
            (disk / "filler").write_bytes(bytes(4096))
        r = train(quick(epochs=2, runs_dir=str(disk)))
        ended = r.events[-1]
        assert isinstance(ended, RunCompleted) or (isinstance(ended, RunFailed) and "No space left" in ended.message)
        assert len(r.of(RunEnded)) == 1
        left = [p for p in disk.rglob("*") if p.name.startswith(".") and p.name != ".cache"]
        assert not left and (not (disk / "run" / "checkpoints").exists() or whole(disk / "run") is not None)
        if isinstance(ended, RunCompleted) and ended.best_checkpoint:
            assert load_checkpoint(Path(ended.best_checkpoint))["best"]["epoch"] == ended.best_epoch


def test_a_quota_costs_checkpoints_and_nothing_else(quick: Quick, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def act(event: Event, _: Control) -> None:
        if isinstance(event, RunStarted):
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        if isinstance(event, CheckpointFailed) and event.epoch == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    try:
        r = train(quick(epochs=3), act)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert isinstance(r.events[-1], RunCompleted)
    assert {e.error for e in r.of(CheckpointFailed)} == {"File too large"}
    assert [p.name for p in whole(tmp_path / "runs" / "run")] == ["best.pt", "epoch-0003.pt"]


def test_a_folder_that_becomes_read_only_costs_checkpoints_and_nothing_else(quick: Quick, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "run"
    locked = contextlib.ExitStack()

    def act(event: Event, _: Control) -> None:
        if isinstance(event, CheckpointSaved) and event.epoch == 1:
            folder = run / "checkpoints"
            if os.geteuid():
                folder.chmod(0o555)
                locked.callback(folder.chmod, 0o755)
            else:  # permissions do not bind root
                locked.enter_context(mounted(folder, "--bind", str(folder)))
                subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)

    with locked:
        r = train(quick(epochs=3), act)
    assert isinstance(r.events[-1], RunCompleted)
    assert r.of(CheckpointFailed) and all(
        e.error in ("Read-only file system", "Permission denied") for e in r.of(CheckpointFailed)
    )
    assert "epoch-0001.pt" in [p.name for p in whole(run)]


def test_events_that_can_never_be_written_are_told_of_once(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1))
    events = tmp_path / "runs" / "run" / "events.jsonl"
    events.unlink()
    events.symlink_to("/dev/full")
    r = train(quick(epochs=2), resume=tmp_path / "runs" / "run")
    assert isinstance(r.events[-1], RunCompleted)
    assert ["No space left" in e.text for e in r.of(LineLogged) if "events.jsonl" in e.text] == [True]


def test_leftovers_of_a_killed_save_are_removed(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1))
    run = tmp_path / "runs" / "run"
    for folder in (run, run / "checkpoints"):
        (folder / ".epoch-0001.pt.123.tmp").write_bytes(b"half")
    train(quick(epochs=2), resume=run)
    assert not list(run.rglob(".*"))


def test_a_cache_that_a_killed_process_left_half_written_is_removed(quick: Quick, tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    cache = tmp_path / "runs" / ".cache"
    for name in (f".folder-1.{gone.pid}", f".folder-1.{os.getpid()}"):
        (cache / name).mkdir(parents=True)
    (cache / f".test-1.npy.{gone.pid}.tmp").write_bytes(b"half")
    train(quick(epochs=1))
    assert [p.name for p in cache.glob(".*")] == [f".folder-1.{os.getpid()}"], "what a living process writes stays"


@pytest.mark.parametrize("gone", ["moved and back", "deleted"])
def test_a_run_directory_that_goes_away_is_told_of_and_never_made_anew_in_part(
    quick: Quick, tmp_path: Path, gone: str
) -> None:
    run, away = tmp_path / "runs" / "run", tmp_path / "away"

    def act(event: Event, _: Control) -> None:
        if isinstance(event, EpochStarted) and event.epoch == 2:
            run.rename(away)
            if gone == "deleted":
                shutil.rmtree(away)
        if isinstance(event, EpochStarted) and event.epoch == 4 and gone != "deleted":
            away.rename(run)

    r = train(quick(epochs=6), act)
    assert isinstance(r.events[-1], RunCompleted)
    failed = {e.error for e in r.of(CheckpointFailed)}
    assert failed == {"the run directory was moved or deleted"}
    assert sum("moved or deleted" in e.text for e in r.of(LineLogged)) >= 1
    if gone == "deleted":
        assert not (run / "checkpoints").exists(), "half a run can't be gone on with"
        return
    told = [e.epoch for e in read_events(run / "events.jsonl") if isinstance(e, EpochCompleted)]
    assert told == [1, 2, 3, 4, 5, 6]
    assert {"epoch-0006.pt", "best.pt"} <= {p.name for p in whole(run)}


def test_a_disk_that_hangs_does_not_hold_up_the_training(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, held = checkpoint_writer.write_atomic, threading.Event()

    def hang(path: Path, content: bytes) -> None:
        assert held.wait(60)
        write(path, content)

    def act(event: Event, _: Control) -> None:
        if isinstance(event, EpochCompleted) and event.epoch == 5:
            held.set()

    monkeypatch.setattr(checkpoint_writer, "write_atomic", hang)
    monkeypatch.setattr(checkpoint_writer, "PATIENCE_SECONDS", 0.05)
    r = train(quick(epochs=6, keep=10), act)
    assert isinstance(r.events[-1], RunCompleted)
    failed = [e.epoch for e in r.of(CheckpointFailed)]
    assert failed[:2] == [2, 3] and all("too slow" in e.error for e in r.of(CheckpointFailed))
    assert len(failed) + len(r.of(CheckpointSaved)) == 6, "each save is told of once"
    best = load_checkpoint(tmp_path / "runs" / "run" / "checkpoints" / "best.pt")["best"]
    assert best["epoch"] == r.events[-1].best_epoch
    whole(tmp_path / "runs" / "run")


# -- checkpoints --------------------------------------------------------------------------------------------------------


class Payload:
    """Makes a file when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("form", ["zip", "legacy", "hidden in a real one"])
def test_a_malicious_checkpoint_runs_nothing_and_is_passed_over(quick: Quick, tmp_path: Path, form: str) -> None:
    train(quick(epochs=2))
    run, mark = tmp_path / "runs" / "run", tmp_path / "mark"
    evil = run / "checkpoints" / "epoch-0009.pt"
    content: dict[str, object] = {"format": 1, "model": Payload(mark)}
    if form == "hidden in a real one":
        content = {**load_checkpoint(run / "checkpoints" / "epoch-0002.pt"), "note": Payload(mark)}
    torch.save(content, evil, _use_new_zipfile_serialization=form != "legacy")
    named = train(quick(epochs=3), resume=evil).events[-1]
    assert isinstance(named, RunFailed) and named.kind == "checkpoint" and "epoch-0009.pt" in named.message
    r = train(quick(epochs=3), resume=run)
    assert isinstance(r.events[-1], RunCompleted) and "epoch-0009.pt" in r.of(CheckpointSkipped)[0].path
    assert "epoch-0002.pt" in str(r.of(RunStarted)[0].resumed_from)
    assert not mark.exists()
    torch.load(evil.with_name(evil.name + ".damaged"), weights_only=False)
    assert mark.exists(), "the payload itself works, so its silence above means something"


def test_a_damaged_newest_checkpoint_does_not_push_out_whole_ones(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=2, keep=1))
    run = tmp_path / "runs" / "run"
    (run / "checkpoints" / "epoch-0009.pt").write_bytes(b"")
    r = train(quick(epochs=3, keep=1), resume=run)
    assert isinstance(r.events[-1], RunCompleted)
    assert sorted(p.name for p in (run / "checkpoints").iterdir()) == [
        "best.pt",
        "epoch-0003.pt",
        "epoch-0009.pt.damaged",
    ]


def test_going_back_to_an_earlier_checkpoint_keeps_what_came_after_it(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=4, keep=10))
    checkpoints = tmp_path / "runs" / "run" / "checkpoints"
    before = {p.name: p.read_bytes() for p in checkpoints.iterdir()}
    r = train(quick(epochs=3, keep=1, lr=0.01), resume=checkpoints / "epoch-0002.pt")
    assert isinstance(r.events[-1], RunCompleted)
    assert [e.epoch for e in r.of(EpochCompleted)] == [3]
    aside = {p.name: p.read_bytes() for p in (checkpoints / "aside-1").iterdir()}
    assert aside == {name: before[name] for name in ("epoch-0003.pt", "epoch-0004.pt", "best.pt")}
    assert load_checkpoint(checkpoints / "best.pt")["best"]["epoch"] <= 3
    assert any("not bit for bit: lr 0.05 → 0.01" in e.text for e in r.of(LineLogged))


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error"), MemoryError()]
)
def test_a_checkpoint_that_can_not_be_read_is_not_given_up(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    train(quick(epochs=2))
    checkpoints = tmp_path / "runs" / "run" / "checkpoints"
    before, read = sorted(checkpoints.iterdir()), Path.read_bytes

    def refuse(self: Path) -> bytes:
        if self.name == "epoch-0002.pt":
            raise error
        return read(self)

    with monkeypatch.context() as m:
        m.setattr(Path, "read_bytes", refuse)
        ended = train(quick(epochs=3), resume=tmp_path / "runs" / "run").events[-1]
    assert (
        isinstance(ended, RunFailed) and ended.kind == "checkpoint" and "epoch-0002.pt: can't read it" in ended.message
    )
    assert sorted(checkpoints.iterdir()) == before
    r = train(quick(epochs=3), resume=tmp_path / "runs" / "run")
    assert [e.epoch for e in r.of(EpochCompleted)] == [3]


def test_a_checkpoint_that_lies_elsewhere_is_refused_and_one_named_in_its_own_folder_is_not(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(quick(epochs=2))
    checkpoints = tmp_path / "runs" / "run" / "checkpoints"
    elsewhere = tmp_path / "epoch-0002.pt"
    elsewhere.write_bytes((checkpoints / "epoch-0002.pt").read_bytes())
    ended = train(quick(epochs=3), resume=elsewhere).events[-1]
    assert isinstance(ended, RunFailed) and "checkpoints" in ended.message
    monkeypatch.chdir(checkpoints)
    r = train(quick(epochs=3), resume=Path("epoch-0002.pt"))
    assert isinstance(r.events[-1], RunCompleted) and [e.epoch for e in r.of(EpochCompleted)] == [3]


def test_a_run_goes_on_with_a_copy_of_its_images_and_not_with_other_ones(
    quick: Quick, tmp_path: Path, image_folder: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(image_folder, copy, copy_function=shutil.copyfile)  # with other times of change
    train(quick(epochs=1))
    r = train(quick(epochs=2, dataset=str(copy)), resume=tmp_path / "runs" / "run")
    assert isinstance(r.events[-1], RunCompleted), r.events[-1]
    first, second = sorted((copy / "train" / "red").iterdir())[:2]
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    ended = train(quick(epochs=3, dataset=str(copy)), resume=tmp_path / "runs" / "run").events[-1]
    assert isinstance(ended, RunFailed) and "other images" in ended.message


def test_a_stop_whose_save_fails_names_no_checkpoint(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = checkpoint_writer.write_atomic

    def refuse(path: Path, content: bytes) -> None:
        if "step" in path.name:
            raise OSError(28, "No space left on device")
        time.sleep(0.3)  # the save of the epoch before is still being written when the stop comes
        write(path, content)

    def act(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled) and event.epoch == 2:
            control.send(Stop())

    monkeypatch.setattr(checkpoint_writer, "write_atomic", refuse)
    ended = train(quick(), act).events[-1]
    assert isinstance(ended, RunStopped) and ended.saved is None


def test_a_best_save_that_fails_while_the_next_is_made_is_made_up_for(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, reported = checkpoint_writer.write_atomic, threading.Event()
    failed: list[str] = []

    def refuse_once(path: Path, content: bytes) -> None:
        if path.name == "best.pt" and not failed:
            failed.append(path.name)
            raise OSError(28, "No space left on device")
        write(path, content)

    def act(event: Event, _: Control) -> None:
        if isinstance(event, CheckpointFailed):
            reported.set()

    class FailureDuringTheNextSave(Hook):
        """What failed is known only while the state for the next checkpoint is being copied."""

        def before_save(self, state: TrainingState) -> None:
            if state.epoch == 3:
                state.model.register_state_dict_post_hook(lambda *_: waited.append(reported.wait(60)))

    waited: list[bool] = []
    monkeypatch.setattr(checkpoint_writer, "write_atomic", refuse_once)
    r = train(quick(epochs=3, lr=0.001), act, hook=FailureDuringTheNextSave())
    assert isinstance(r.events[-1], RunCompleted) and waited[0]
    best = load_checkpoint(tmp_path / "runs" / "run" / "checkpoints" / "best.pt")["best"]
    assert best["epoch"] == r.events[-1].best_epoch


@pytest.mark.parametrize("change", [{"seed": 1}, {"valid_fraction": 0.3}, {"stratified": True}])
def test_what_decides_the_split_can_not_change_half_way(
    quick: Quick, tmp_path: Path, change: dict[str, object]
) -> None:
    train(quick(epochs=1))
    ended = train(quick(epochs=2, **change), resume=tmp_path / "runs" / "run").events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "checkpoint" and next(iter(change)) in ended.message


# -- exact resume -------------------------------------------------------------------------------------------------------


def final(run: Path, epochs: int) -> dict[str, object]:
    """What a finished run came to."""
    state = load_checkpoint(run / "checkpoints" / f"epoch-{epochs:04}.pt")
    best = load_checkpoint(run / "checkpoints" / "best.pt")["best"]
    return {**{k: state[k] for k in ("model", "optimizer", "best", "epoch", "step")}, "file": best}


@pytest.mark.parametrize("while_testing", [False, True])
def test_more_epochs_extend_a_finished_run_exactly(quick: Quick, tmp_path: Path, while_testing: bool) -> None:
    def second_is_best() -> Hook:  # so that the tested weights are not the last
        return BeforeBatch(lambda state: setattr(state.best, "valid_loss", 0.0), "validating", epoch=3)

    train(quick(name="whole", epochs=6, momentum=0.9), hook=second_is_best())
    tested = train(
        quick(name="parts", epochs=4, momentum=0.9),
        lambda event, control: control.send(Save()) if while_testing and isinstance(event, TestStarted) else None,
        hook=second_is_best(),
    )
    assert isinstance(tested.events[-1], RunCompleted)
    r = train(quick(name="parts", epochs=6, momentum=0.9), resume=tmp_path / "runs" / "parts")
    assert [e.epoch for e in r.of(EpochCompleted)] == [5, 6]
    assert same(final(tmp_path / "runs" / "whole", 6), final(tmp_path / "runs" / "parts", 6))


@pytest.mark.parametrize("batch", range(4))
def test_stopped_before_any_batch_of_validation_it_ends_as_if_never_stopped(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("engine.training.evaluate.BATCH_SIZE", 5)  # 18 images: four batches of validation
    train(quick(name="whole", momentum=0.9))
    control = Control()
    stop = BeforeBatch(lambda _: control.send(Stop()), "validating", batch, epoch=2)
    cut = train(quick(name="cut", momentum=0.9), hook=stop, control=control)
    assert isinstance(cut.events[-1], RunStopped) and not [e for e in cut.of(EpochCompleted) if e.epoch == 2]
    rest = train(quick(name="cut", momentum=0.9), resume=tmp_path / "runs" / "cut")
    assert isinstance(rest.events[-1], RunCompleted)
    assert same(final(tmp_path / "runs" / "whole", 2), final(tmp_path / "runs" / "cut", 2))


@pytest.mark.long
@pytest.mark.parametrize("place", range(1, 23))
def test_stopped_at_any_place_it_ends_as_if_never_stopped(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr("engine.training.progress.REPORT_SECONDS", 0.0)
    monkeypatch.setattr("engine.training.evaluate.BATCH_SIZE", 5)  # 18 images: four batches of validation
    seen: list[BatchCompleted] = []

    def act(event: Event, control: Control) -> None:
        if isinstance(event, BatchCompleted):
            seen.append(event)
            if len(seen) == place:
                control.send(Stop())

    train(quick(name="whole", momentum=0.9))
    cut = train(quick(name="cut", momentum=0.9), act)
    assert isinstance(cut.events[-1], RunStopped), f"{len(seen)} places"
    rest = train(quick(name="cut", momentum=0.9), resume=tmp_path / "runs" / "cut")
    assert isinstance(rest.events[-1], RunCompleted)
    assert same(final(tmp_path / "runs" / "whole", 2), final(tmp_path / "runs" / "cut", 2))


def test_other_threads_are_said_not_to_be_exact(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1))
    threads = torch.get_num_threads()
    try:
        r = train(quick(epochs=2, threads=2), resume=tmp_path / "runs" / "run")
    finally:
        torch.set_num_threads(threads)
    assert any("not bit for bit" in e.text and "threads 1 → 2" in e.text for e in r.of(LineLogged))


def test_another_library_version_is_said_not_to_be_exact(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1))
    path = tmp_path / "runs" / "run" / "checkpoints" / "epoch-0001.pt"
    state = {k: v for k, v in load_checkpoint(path).items() if k not in ("format", "digest")}
    path.write_bytes(serialize({**state, "machine": {**state["machine"], "PyTorch": "2.0.0"}}))
    r = train(quick(epochs=2), resume=tmp_path / "runs" / "run")
    assert isinstance(r.events[-1], RunCompleted)
    assert any("not bit for bit: PyTorch 2.0.0 → " in e.text for e in r.of(LineLogged))


def test_a_finished_run_says_that_only_its_test_is_left(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1))
    r = train(quick(epochs=1), resume=tmp_path / "runs" / "run")
    assert isinstance(r.events[-1], RunCompleted) and not r.of(EpochCompleted)
    assert any("only the test is left" in e.text and "--epochs" in e.text for e in r.of(LineLogged))


def test_a_refused_rename_costs_checkpoints_and_nothing_else(
    quick: Quick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, refused = Path.replace, []

    def refuse(self: Path, target: Path) -> Path:
        if "epoch-0002" in self.name or refused:
            refused.append(self.name)
            if len(refused) < 3:
                raise PermissionError(1, "Operation not permitted")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    r = train(quick(epochs=4), None)
    assert isinstance(r.events[-1], RunCompleted)
    assert {e.error for e in r.of(CheckpointFailed)} == {"Operation not permitted"}
    assert {"epoch-0001.pt", "epoch-0004.pt"} <= {p.name for p in whole(tmp_path / "runs" / "run")}


def test_many_runs_in_one_process_leave_nothing_open(quick: Quick, tmp_path: Path) -> None:
    """As in a dashboard that starts, stops, resumes and fails again and again."""

    def stop(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled):
            control.send(Stop())

    def open_now() -> tuple[int, int]:
        gc.collect()
        trainers = sum(type(o) in HOLDERS for o in gc.get_objects())
        return len(os.listdir("/proc/self/fd")), threading.active_count() + trainers  # noqa: PTH208

    train(quick(), stop)
    before = open_now()
    for i in range(8):
        train(quick(epochs=1 + i % 3), stop if i % 2 else None, resume=tmp_path / "runs" / "run")
        train(quick(name="other", dataset=str(tmp_path / "nothing")))
        train(quick(seed=1), resume=tmp_path / "runs" / "run")  # refused
    after = open_now()
    assert after[0] <= before[0] and after[1] <= before[1], "what tests before left may go meanwhile"


# -- the trainer --------------------------------------------------------------------------------------------------------


def test_a_validation_loss_that_is_not_finite_fails_and_is_not_saved(quick: Quick, tmp_path: Path) -> None:
    def spoil_weights(state: TrainingState) -> None:
        with torch.no_grad():
            next(state.model.parameters()).fill_(float("nan"))

    ended = train(quick(epochs=3), hook=BeforeBatch(spoil_weights, "validating", epoch=2)).events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "non_finite_loss" and "epoch 2" in ended.message
    assert [p.name for p in whole(tmp_path / "runs" / "run")] == ["best.pt", "epoch-0001.pt"]


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("out of memory"), KeyError("x"), SystemExit(3)]
)
def test_a_failed_run_holds_no_memory(quick: Quick, error: BaseException) -> None:
    before = {id(o) for o in gc.get_objects() if type(o) in HOLDERS}  # of other tests
    r = train(quick(), hook=FailingForward(error))
    assert isinstance(r.events[-1], RunFailed) and sum(isinstance(e, RunFailed) for e in r.events) == 1
    error.__traceback__ = None  # pytest's parameter lives on, with the frames that raised it
    gc.collect()
    assert not [o for o in gc.get_objects() if type(o) in HOLDERS and id(o) not in before]
    assert "checkpoint-writer" not in [t.name for t in threading.enumerate()]


def test_an_ended_run_holds_no_memory_even_before_python_looks_for_circles(quick: Quick) -> None:
    """A GPU's memory would stay taken until then."""
    gc.collect()
    gc.disable()
    try:
        before = {id(o) for o in gc.get_objects() if type(o) in HOLDERS}  # of other tests
        r = train(quick(epochs=1))
        alive = [o for o in gc.get_objects() if type(o) in HOLDERS and id(o) not in before]
    finally:
        gc.enable()
    assert isinstance(r.events[-1], RunCompleted) and not alive


def test_a_clock_set_back_and_another_time_zone_change_no_duration(
    quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, shift = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() - shift[0])

    def act(event: Event, _: Control) -> None:
        if isinstance(event, LossSampled):
            shift[0] += 3600
            monkeypatch.setenv("TZ", "Pacific/Kiritimati" if event.step % 2 else "Pacific/Pago_Pago")
            time.tzset()

    began = time.monotonic()
    try:
        r = train(quick(), act)
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    passed = time.monotonic() - began
    assert all(0 < e.seconds <= passed for e in r.of(EpochCompleted))
    ended = r.events[-1]
    assert isinstance(ended, RunCompleted) and 0 < ended.seconds <= passed


# -- processes ----------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_second_process_is_told_who_has_the_run_and_takes_over_from_a_dead_one(
    image_folder: Path, tmp_path: Path
) -> None:
    arguments = [
        f"--dataset={image_folder}",
        f"--runs-dir={tmp_path / 'runs'}",
        "--recipe=tutorial",
        "--batch-size=10",
        "--threads=1",
    ]
    first = start(["--headless", "--name=run", "--epochs=1000", *arguments], tmp_path / "work", Plan(pace=0.05))
    second = [*COMMAND, "--headless", "--resume=run", *arguments, "--epochs=1"]
    try:
        first.until(lambda: (tmp_path / "runs" / "run" / "checkpoints" / "best.pt").exists())
        done = subprocess.run(second, capture_output=True, text=True, timeout=120)
        assert done.returncode == 2
        assert f"in use by process {first.pid}" in done.stderr and len(done.stderr.splitlines()) == 1
        assert first.alive
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    finally:
        first.end()
    assert (tmp_path / "runs" / "run" / "lock").read_text() == str(first.pid), "a stale lock"
    done = subprocess.run(second, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "run" / "lock").read_text() != str(first.pid)


@pytest.mark.long
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_files_change_nothing(image_folder: Path, tmp_path: Path, closed: str) -> None:
    command = (
        f"{sys.executable} -m tui_cifar --headless --dataset={image_folder} --runs-dir={tmp_path / 'runs'} --name=run "
        f"--recipe=tutorial --epochs=1 --threads=1 {closed}"
    )
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == ""
    assert isinstance(list(read_events(tmp_path / "runs" / "run" / "events.jsonl"))[-1], RunCompleted)
    whole(tmp_path / "runs" / "run")


def test_a_closed_stdin_is_no_terminal() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m tui_cifar <&-"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "--headless" in done.stderr and done.stdout == ""


def test_an_output_that_goes_full_does_not_stop_the_run(image_folder: Path, tmp_path: Path) -> None:
    where = [f"--dataset={image_folder}", f"--runs-dir={tmp_path / 'runs'}", "--name=run"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "--headless", *where, "--recipe=tutorial", "--epochs=1", "--threads=1"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0 and done.stderr == ""
    assert isinstance(list(read_events(tmp_path / "runs" / "run" / "events.jsonl"))[-1], RunCompleted)


def test_where_there_is_no_temporary_folder_runs_and_commands_work(image_folder: Path, tmp_path: Path) -> None:
    """Not even the working directory, which Python takes in the end."""
    image = next((image_folder / "test").rglob("*.png"))
    runs = f"--runs-dir={tmp_path / 'runs'}"
    commands = (
        [
            "--headless",
            f"--dataset={image_folder}",
            runs,
            "--name=run",
            "--recipe=tutorial",
            "--epochs=1",
            "--threads=1",
        ],
        ["predict", "run", str(image), runs],
        ["export", "run", f"--output={tmp_path / 'a.pt2'}", runs],
    )
    code = (
        "import sys, tempfile\n"
        "tempfile._candidate_tempdir_list = lambda: ['/proc/none']\n"
        "from tui_cifar.cli.main import main\n"
        f"sys.exit(max(main(arguments) for arguments in {commands!r}))"
    )
    env = {**os.environ, "TMPDIR": "/proc/none"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.pt2").is_file()
