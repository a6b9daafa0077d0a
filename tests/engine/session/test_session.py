"""A session end to end: the order of its events, what it leaves on the disk, and what it refuses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest
import torch

from engine.config.schema import Config
from engine.events.codec import name_of
from engine.events.commands import Stop
from engine.events.log import read_events
from engine.events.types import (
    BatchCompleted,
    CheckpointSaved,
    EpochCompleted,
    EpochStarted,
    Event,
    ImagesClassified,
    LossSampled,
    RunCompleted,
    RunEnded,
    RunFailed,
    RunStarted,
    TestCompleted,
)
from engine.session import session as session_module
from engine.storage.predictions import read_predictions
from engine.training.control import Control
from tests.support.event_order import EVENT_ORDER, in_letters
from tests.support.runs import CLASSES, NETWORKS, Recorder, epoch_losses, train
from tui_cifar.app.settings import Settings

Quick = Callable[..., Config]


def test_a_run_emits_its_events_in_order(quick: Quick) -> None:
    r = train(quick())
    assert EVENT_ORDER.fullmatch(in_letters(r.events)), in_letters(r.events)
    assert len(r.of(RunEnded)) == 1 and isinstance(r.events[-1], RunCompleted)
    started = r.of(RunStarted)[0]
    assert started.counts == {"train": 72, "valid": 18, "test": 30}
    assert started.class_names == CLASSES
    assert (started.device, started.epochs, started.steps_per_epoch, started.threads) == ("cpu", 2, 8, 1)
    assert [e.epoch for e in r.of(EpochCompleted)] == [1, 2]
    assert [(e.epoch, e.step) for e in r.of(LossSampled)] == [(epoch, step) for epoch in (1, 2) for step in range(1, 9)]
    for e in r.of(EpochCompleted):
        assert sum(c.total for c in e.per_class) == 18
        assert e.valid_accuracy == pytest.approx(sum(c.correct for c in e.per_class) / 18)
        assert 0 <= e.train_accuracy <= 1 and e.learning_rate == 0.05 and e.seconds > 0
        assert e.train_loss == pytest.approx(
            sum(s.train_loss * (10 if s.step < 8 else 2) for s in r.of(LossSampled) if s.epoch == e.epoch) / 72,
            rel=1e-6,
        )
    assert {e.phase for e in r.of(BatchCompleted)} == {"training", "validating", "testing"}


def test_the_best_weights_are_kept_and_tested(quick: Quick) -> None:
    r = train(quick(epochs=6))
    losses = [e.valid_loss for e in r.of(EpochCompleted)]
    best = min(range(len(losses)), key=losses.__getitem__) + 1
    completed, tested = r.of(RunCompleted)[0], r.of(TestCompleted)[0]
    assert completed.best_epoch == tested.epoch == best
    assert completed.best_valid_loss == min(losses)
    assert completed.test_accuracy == tested.accuracy > 0.8, "three colours are easy"
    confusion = np.array(tested.confusion)
    assert confusion.sum() == 30 and confusion.trace() == round(tested.accuracy * 30)
    assert [c.correct for c in tested.per_class] == confusion.diagonal().tolist()
    saved = read_predictions(Path(completed.directory or "") / "predictions.npz")
    assert saved.probabilities.shape == (30, 3) and saved.class_names == CLASSES and saved.epoch == best
    assert (saved.probabilities.argmax(1) == saved.labels).mean() == pytest.approx(tested.accuracy)
    assert np.load(saved.images_path, mmap_mode="r").shape == (30, 32, 32, 3)
    improved = [e for e in r.of(CheckpointSaved) if e.reason == "best"]
    assert [e.previous_best for e in improved] == [None, *[e.valid_loss for e in improved[:-1]]]
    assert improved[-1].epoch == best


def test_the_run_directory_holds_every_event(quick: Quick) -> None:
    r = train(quick())
    directory = Path(r.of(RunStarted)[0].directory)
    assert list(read_events(directory / "events.jsonl")) == [e for e in r.events if not e.live]
    config = json.loads((directory / "config.json").read_text())
    assert config["config"]["epochs"] == 2 and config["versions"]["torch"] == torch.__version__
    assert sorted(p.name for p in (directory / "checkpoints").iterdir()) == [
        "best.pt",
        "epoch-0001.pt",
        "epoch-0002.pt",
    ]


def test_the_shown_images_are_classified_after_each_epoch(quick: Quick) -> None:
    from engine.events.types import ImagesChosen

    r = train(quick())
    chosen, told = r.of(ImagesChosen)[0], r.of(ImagesClassified)
    assert len(chosen.indices) == len(chosen.labels) == 30
    assert [len(t.predicted) for t in told] == [30, 30]
    assert all(0 <= c <= 1 for t in told for c in t.confidence)


def test_a_stop_while_preparing_leaves_no_run_behind(quick: Quick, tmp_path: Path) -> None:
    control = Control()
    control.send(Stop())
    recorder = Recorder(control)
    session_module.run(quick(), control, recorder)
    assert [name_of(e) for e in recorder.events] == ["run_stopped"]
    assert not (tmp_path / "runs").exists()


def test_a_listener_that_fails_does_not_stop_the_run(quick: Quick) -> None:
    def act(event: Event, _: Control) -> None:
        if isinstance(event, (LossSampled, EpochStarted)):
            raise RuntimeError("a bug in the screen")

    with pytest.warns(UserWarning, match="a bug in the screen"):
        r = train(quick(), act)
    assert isinstance(r.events[-1], RunCompleted)


def test_a_taken_name_and_a_locked_run_are_refused(quick: Quick, tmp_path: Path) -> None:
    from engine.storage.run_directory import RunDirectory

    train(quick())
    taken = train(quick()).events[-1]
    assert isinstance(taken, RunFailed) and "resume that run" in taken.message
    assert [name_of(e) for e in train(quick(dataset="nothing")).events] == ["run_failed"], "at once"
    holder = RunDirectory(tmp_path / "runs" / "run")
    holder.lock()
    try:
        locked = train(quick(epochs=3), resume=tmp_path / "runs" / "run").events[-1]
    finally:
        holder.close()
    assert isinstance(locked, RunFailed) and "in use by process" in locked.message


def test_cuda_requested_but_absent_fails_in_one_line(quick: Quick) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    ended = train(quick(device="cuda")).events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "device" and "cuda was asked for, but" in ended.message


def test_the_seed_determines_the_run(quick: Quick) -> None:
    one, same, other = (epoch_losses(train(quick(name=n, seed=s))) for n, s in (("a", 1), ("b", 1), ("c", 2)))
    assert one == same != other


@pytest.mark.parametrize("recipe", NETWORKS, ids=lambda r: str(r["recipe"]))
def test_two_concurrent_runs_do_not_affect_each_other(quick: Quick, recipe: dict[str, Any]) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    values = {**recipe, "epochs": 3}  # `fast` grows its network after the first
    alone = epoch_losses(train(quick(name="alone", **values)))
    assert torch.equal(torch.get_rng_state(), before), "PyTorch's own generator is everyone's: no run may draw from it"
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda name: epoch_losses(train(quick(name=name, **values))), ("left", "right"))
    assert [alone, alone] == list(runs)


def test_a_user_without_a_home_can_train(quick: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("could not determine the home directory")

    for name in ("user_cache_path", "user_config_path"):
        monkeypatch.setattr(platformdirs, name, fail)
    for name in ("CIFAR_TUI_CONFIG", "CIFAR_TUI_DATA"):
        monkeypatch.delenv(name, raising=False)
    assert isinstance(train(quick(epochs=1)).events[-1], RunCompleted)
    settings = Settings.read()
    settings.remember("theme", "cifar-light")
    assert settings.folder is None and settings.problems == []


def test_durations_survive_a_clock_set_back_and_a_new_time_zone(quick: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
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
