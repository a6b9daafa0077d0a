"""Checkpoints that are damaged, malicious, unreadable or in the wrong place, and saves that fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.config.schema import Config
from engine.events.commands import Stop
from engine.events.types import (
    CheckpointFailed,
    CheckpointSkipped,
    EpochCompleted,
    Event,
    LineLogged,
    LossSampled,
    RunCompleted,
    RunFailed,
    RunStarted,
    RunStopped,
)
from engine.storage import checkpoint_writer
from engine.storage.checkpoint import load_checkpoint
from engine.training.control import Control
from engine.training.hooks import Hook
from engine.training.state import TrainingState
from tests.support.runs import train

Quick = Callable[..., Config]


class Payload:
    """Creates a file when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("form", ["zip", "legacy", "hidden in a real one"])
def test_a_malicious_checkpoint_runs_nothing_and_is_skipped(quick: Quick, tmp_path: Path, form: str) -> None:
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


def test_a_damaged_newest_checkpoint_does_not_displace_whole_ones(quick: Quick, tmp_path: Path) -> None:
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


def test_resuming_from_an_earlier_checkpoint_keeps_the_later_ones(quick: Quick, tmp_path: Path) -> None:
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
def test_a_checkpoint_that_can_not_be_read_is_not_skipped(
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


def test_a_checkpoint_outside_a_run_is_refused_but_a_relative_path_to_one_is_not(
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


def test_a_failed_save_of_the_best_weights_is_repeated_even_if_the_next_save_has_begun(
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
        """The failure becomes known only while the state for the next checkpoint is being copied."""

        def before_save(self, state: TrainingState) -> None:
            if state.epoch == 3:
                state.model.register_state_dict_post_hook(lambda *_: waited.append(reported.wait(60)))

    waited: list[bool] = []
    monkeypatch.setattr(checkpoint_writer, "write_atomic", refuse_once)
    r = train(quick(epochs=3, lr=0.001), act, hook=FailureDuringTheNextSave())
    assert isinstance(r.events[-1], RunCompleted) and waited[0]
    best = load_checkpoint(tmp_path / "runs" / "run" / "checkpoints" / "best.pt")["best"]
    assert best["epoch"] == r.events[-1].best_epoch
