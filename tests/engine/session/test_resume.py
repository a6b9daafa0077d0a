"""Resuming: exact at every place, and refused or reported where it can not be exact."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config.schema import Config
from engine.events.commands import Save, Stop
from engine.events.types import (
    BatchCompleted,
    CheckpointSkipped,
    EpochCompleted,
    Event,
    LineLogged,
    LossSampled,
    RunCompleted,
    RunFailed,
    RunStarted,
    RunStopped,
    TestCompleted,
    TestStarted,
    ValidationStarted,
)
from engine.storage.checkpoint import load_checkpoint, serialize
from engine.training.control import Control
from engine.training.hooks import Hook
from tests.support.hooks import BeforeBatch
from tests.support.runs import NETWORKS, epoch_losses, train
from tests.support.states import same

Quick = Callable[..., Config]


STOPS: list[tuple[type[Event], int, int]] = [
    (LossSampled, 1, 1),
    (LossSampled, 1, 5),
    (LossSampled, 2, 8),
    (ValidationStarted, 1, 0),
    (EpochCompleted, 1, 0),
    (TestStarted, 2, 0),
]


@pytest.mark.parametrize("recipe", NETWORKS, ids=lambda r: str(r["recipe"]))
@pytest.mark.parametrize(("kind", "epoch", "step"), STOPS)
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(
    quick: Quick, tmp_path: Path, kind: type[Event], epoch: int, step: int, recipe: dict[str, Any]
) -> None:
    whole = train(quick(name="whole", **recipe))

    def act(event: Event, control: Control) -> None:
        if isinstance(event, kind) and getattr(event, "epoch", epoch) == epoch and getattr(event, "step", step) == step:
            control.send(Stop())

    config = quick(name="cut", **recipe)
    cut = train(config, act)
    assert isinstance(cut.events[-1], RunStopped) and cut.events[-1].saved
    rest = train(config, resume=tmp_path / "runs" / "cut")
    assert isinstance(rest.events[-1], RunCompleted), rest.events[-1]
    assert rest.of(RunStarted)[0].resumed_from
    assert epoch_losses(cut) + epoch_losses(rest) == epoch_losses(whole)
    a, b = (load_checkpoint(tmp_path / "runs" / name / "checkpoints" / "epoch-0002.pt") for name in ("whole", "cut"))
    for key in ("model", "optimizer", "best"):
        assert same(a[key], b[key]), key
    told = [(e.loss, e.accuracy, e.confusion) for r in (whole, rest) for e in r.of(TestCompleted)]
    assert told[0] == told[1]


def test_resume_skips_a_damaged_checkpoint_and_says_so(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=3))
    checkpoints = tmp_path / "runs" / "run" / "checkpoints"
    (checkpoints / "epoch-0003.pt").write_bytes(b"damaged")
    r = train(quick(epochs=4), resume=tmp_path / "runs" / "run")
    assert "epoch-0003.pt" in r.of(CheckpointSkipped)[0].path
    assert [e.epoch for e in r.of(EpochCompleted)] == [3, 4]
    named = train(quick(), resume=checkpoints / "epoch-0003.pt")
    assert not (checkpoints / "epoch-0003.pt").exists() or isinstance(named.events[-1], (RunFailed, RunCompleted))


def test_a_named_checkpoint_that_is_damaged_is_an_error(quick: Quick, tmp_path: Path) -> None:
    train(quick())
    named = tmp_path / "runs" / "run" / "checkpoints" / "epoch-0002.pt"
    named.write_bytes(named.read_bytes()[:1000])
    ended = train(quick(), resume=named).events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "checkpoint" and named.name in ended.message
    assert "newest whole one" in ended.message


def test_other_images_are_refused_on_resume(quick: Quick, tmp_path: Path) -> None:
    train(quick())
    ended = train(quick(dataset="shapes"), resume=tmp_path / "runs" / "run").events[-1]
    assert isinstance(ended, RunFailed) and "other images" in ended.message


@pytest.mark.parametrize("change", [{"seed": 1}, {"valid_fraction": 0.3}, {"stratified": True}])
def test_settings_that_decide_the_split_can_not_change_on_resume(
    quick: Quick, tmp_path: Path, change: dict[str, object]
) -> None:
    train(quick(epochs=1))
    ended = train(quick(epochs=2, **change), resume=tmp_path / "runs" / "run").events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "checkpoint" and next(iter(change)) in ended.message


def test_a_run_continues_with_a_copy_of_its_images_but_not_with_others(
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


def final(run: Path, epochs: int) -> dict[str, object]:
    """What a finished run has learned."""
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
def test_a_stop_before_any_validation_batch_leaves_no_trace(
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
def test_a_stop_at_any_batch_leaves_no_trace(
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


def test_a_different_thread_count_is_reported_as_inexact(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1))
    threads = torch.get_num_threads()
    try:
        r = train(quick(epochs=2, threads=2), resume=tmp_path / "runs" / "run")
    finally:
        torch.set_num_threads(threads)
    assert any("not bit for bit" in e.text and "threads 1 → 2" in e.text for e in r.of(LineLogged))


def test_a_different_version_of_pytorch_is_reported_as_inexact(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1))
    path = tmp_path / "runs" / "run" / "checkpoints" / "epoch-0001.pt"
    state = {k: v for k, v in load_checkpoint(path).items() if k not in ("format", "digest")}
    path.write_bytes(serialize({**state, "machine": {**state["machine"], "PyTorch": "2.0.0"}}))
    r = train(quick(epochs=2), resume=tmp_path / "runs" / "run")
    assert isinstance(r.events[-1], RunCompleted)
    assert any("not bit for bit: PyTorch 2.0.0 → " in e.text for e in r.of(LineLogged))


def test_resuming_a_finished_run_only_tests_it(quick: Quick, tmp_path: Path) -> None:
    train(quick(epochs=1))
    r = train(quick(epochs=1), resume=tmp_path / "runs" / "run")
    assert isinstance(r.events[-1], RunCompleted) and not r.of(EpochCompleted)
    assert any("only the test is left" in e.text and "more epochs" in e.text for e in r.of(LineLogged))
