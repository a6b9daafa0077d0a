"""The engine end to end: the order of its events, control in every phase, faults, exact resume."""

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest
import torch
from torch import nn

from engine.config.schema import Config
from engine.events.codec import name_of
from engine.events.commands import Evaluate, Pause, Resume, Save, Stop
from engine.events.log import read_events
from engine.events.types import (
    BatchCompleted,
    CheckpointFailed,
    CheckpointSaved,
    CheckpointSkipped,
    DataDescribed,
    EpochCompleted,
    EpochStarted,
    Event,
    ImagesClassified,
    LineLogged,
    LossSampled,
    PredictionsSaved,
    RunCompleted,
    RunEnded,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
    TestCompleted,
    TestStarted,
    ValidationStarted,
)
from engine.session import session as session_module
from engine.storage.checkpoint import load_checkpoint
from engine.storage.predictions import read_predictions
from engine.training.control import Control
from engine.training.hooks import Hook
from engine.training.state import TrainingState
from tests.support.hooks import BeforeBatch, FailingForward, NonFiniteLoss
from tests.support.runs import CLASSES, Recorder, train
from tests.support.states import same
from tui_cifar.app.settings import Settings

Quick = Callable[..., Config]

LETTERS = {
    "preparation_advanced": "p",
    "run_started": "R",
    "images_chosen": "c",
    "epoch_started": "E",
    "batch_completed": "",
    "loss_sampled": "l",
    "validation_started": "V",
    "epoch_completed": "e",
    "images_classified": "k",
    "test_started": "T",
    "test_completed": "t",
    "run_completed": "C",
    "run_stopped": "S",
    "run_failed": "F",
    "run_paused": "(",
    "run_resumed": ")",
    "checkpoint_saved": "",
    "checkpoint_failed": "",
    "checkpoint_skipped": "s",
    "line_logged": "",
    "images_skipped": "u",
    "predictions_saved": "",
    "validation_predictions_saved": "",
    "model_described": "m",
    "data_described": "",
}
GRAMMAR = re.compile(r"p*(s*p*)*u?(Rcm(E[l()]*V[()]*ek)*(E[l()]*(V[()]*)?)?(T[()]*(t)?)?)?[CSF]")
"""Checkpoint and log events are left out: they come from another thread, at any time before the last event."""


def grammar(events: list[Event]) -> str:
    return "".join(LETTERS[name_of(e)] for e in events)


def test_a_run_tells_its_events_in_order(quick: Quick) -> None:
    r = train(quick())
    assert GRAMMAR.fullmatch(grammar(r.events)), grammar(r.events)
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


def test_the_run_directory_holds_what_was_said(quick: Quick) -> None:
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


def on(
    kind: type[Event], action: Callable[[Control], None], epoch: int | None = None
) -> Callable[[Event, Control], None]:
    """Acts once, when the first event of a kind (and epoch) arrives."""
    done: list[bool] = []

    def act(event: Event, control: Control) -> None:
        if isinstance(event, kind) and not done and (epoch is None or getattr(event, "epoch", None) == epoch):
            done.append(True)
            action(control)

    return act


PHASES: list[tuple[type[Event], str]] = [
    (LossSampled, "training"),
    (ValidationStarted, "validating"),
    (TestStarted, "testing"),
]


@pytest.mark.parametrize(("kind", "phase"), PHASES)
def test_a_pause_holds_the_run_in_every_phase(quick: Quick, kind: type[Event], phase: str) -> None:
    def act(event: Event, control: Control) -> None:
        if isinstance(event, kind) and not paused:
            paused.append(time.monotonic())
            control.send(Pause())
        if isinstance(event, RunPaused):
            import threading

            threading.Timer(0.3, control.send, [Resume()]).start()

    paused: list[float] = []
    r = train(quick(), act)
    told = [e for e in r.events if not isinstance(e, (CheckpointSaved, DataDescribed))]  # from threads of their own
    at = next(i for i, e in enumerate(told) if isinstance(e, RunPaused))
    pause, resumed = r.of(RunPaused)[0], r.of(RunResumed)[0]
    assert told[at + 1] is resumed, "nothing happens between the two"
    assert pause.phase == resumed.phase == phase
    assert 0.2 < resumed.seconds < 5
    assert isinstance(r.events[-1], RunCompleted)
    assert r.events[-1].seconds < time.monotonic() - paused[0] + 10
    plain = train(quick(name="plain"))
    assert losses(r) == losses(plain), "a pause changes nothing"


def losses(r: Recorder) -> list[tuple[float, ...]]:
    return [(e.train_loss, e.train_accuracy, e.valid_loss, e.valid_accuracy) for e in r.of(EpochCompleted)]


@pytest.mark.parametrize(("kind", "phase"), PHASES)
def test_a_stop_ends_the_run_at_once_and_saves(quick: Quick, kind: type[Event], phase: str) -> None:
    r = train(quick(), on(kind, lambda c: c.send(Stop(reason="test"))))
    ended = r.events[-1]
    assert isinstance(ended, RunStopped) and ended.reason == "test" and ended.saved
    assert GRAMMAR.fullmatch(grammar(r.events)), grammar(r.events)
    assert load_checkpoint(Path(ended.saved))["epoch"] >= 1
    if phase == "training":
        assert len(r.of(LossSampled)) == 1, "the batch after the stop is not trained"
    assert not r.of(TestCompleted)


def test_a_stop_without_saving_saves_nothing(quick: Quick) -> None:
    r = train(quick(), on(LossSampled, lambda c: c.send(Stop(save=False))))
    ended = r.events[-1]
    assert isinstance(ended, RunStopped) and ended.saved is None
    assert not r.of(CheckpointSaved)


def test_a_stop_while_preparing_leaves_no_run_behind(quick: Quick, tmp_path: Path) -> None:
    control = Control()
    control.send(Stop())
    recorder = Recorder(control)
    session_module.run(quick(), control, recorder)
    assert [name_of(e) for e in recorder.events] == ["run_stopped"]
    assert not (tmp_path / "runs").exists()


def test_a_stop_while_paused_ends_the_pause(quick: Quick) -> None:
    def act(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled):
            control.send(Pause())
        if isinstance(event, RunPaused):
            control.send(Stop())

    r = train(quick(), act)
    assert isinstance(r.events[-1], RunStopped)
    assert len(r.of(RunPaused)) == len(r.of(RunResumed)) == 1


@pytest.mark.parametrize("kind", [LossSampled, ValidationStarted, TestStarted])
def test_a_save_is_made_on_request(quick: Quick, kind: type[Event]) -> None:
    r = train(quick(keep=100), on(kind, lambda c: c.send(Save())))
    asked = [e for e in r.of(CheckpointSaved) if e.reason == "asked"]
    assert len(asked) == 1 and Path(asked[0].path).exists()
    assert isinstance(r.events[-1], RunCompleted)


@pytest.mark.parametrize("kind", [LossSampled, ValidationStarted])
def test_an_evaluation_on_request_changes_nothing_else(quick: Quick, kind: type[Event]) -> None:
    r = train(quick(), on(kind, lambda c: c.send(Evaluate())))
    asked, final = r.of(PredictionsSaved)
    assert 0 < asked.step <= 8 and asked.epoch == 1 and final.step == 0
    assert losses(r) == losses(train(quick(name="plain")))


@pytest.mark.parametrize(("step", "size"), [(0, 20), (1, 24)])
def test_an_evaluation_on_request_shows_images_as_large_as_those_just_trained_on(
    quick: Quick, step: int, size: int
) -> None:
    sizes = []

    def note_sizes(state: TrainingState) -> None:
        def note(model: nn.Module, inputs: tuple[torch.Tensor]) -> None:
            if not model.training:
                sizes.append((len(inputs[0]), inputs[0].shape[-1]))

        state.model.register_forward_pre_hook(note)

    def act(event: Event, control: Control) -> None:
        if isinstance(event, EpochCompleted) and event.epoch == 1 and step == 0:
            control.send(Evaluate())
        if isinstance(event, LossSampled) and event.epoch == 2 and event.step == step:
            control.send(Evaluate())
        if isinstance(event, PredictionsSaved):
            control.send(Stop())

    config = quick(epochs=4, model="airbench", width=4, schedule="cycles", progressive=True)
    r = train(config, act, hook=BeforeBatch(note_sizes, "training"))
    saved = r.of(PredictionsSaved)[0]
    assert (saved.epoch, saved.step) == ((1, 0) if step == 0 else (2, step))
    assert sizes[-1] == (r.of(RunStarted)[0].counts["test"], size)


def test_a_paused_run_evaluates_on_request(quick: Quick) -> None:
    def act(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled) and event.step == 3:
            control.send(Pause())
        if isinstance(event, RunPaused):
            control.send(Evaluate())
        if isinstance(event, PredictionsSaved):
            control.send(Resume())

    r = train(quick(epochs=1), act)
    assert r.of(PredictionsSaved)[0].step == 3
    assert isinstance(r.events[-1], RunCompleted)


def test_a_paused_run_saves_on_request(quick: Quick) -> None:
    def act(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled) and event.step == 3:
            control.send(Pause())
        if isinstance(event, RunPaused):
            control.send(Save())
        if isinstance(event, CheckpointSaved) and event.reason == "asked":
            control.send(Resume())

    r = train(quick(), act)
    assert r.of(CheckpointSaved)[0].reason == "asked"
    assert isinstance(r.events[-1], RunCompleted)


STOPS: list[tuple[type[Event], int, int]] = [
    (LossSampled, 1, 1),
    (LossSampled, 1, 5),
    (LossSampled, 2, 8),
    (ValidationStarted, 1, 0),
    (EpochCompleted, 1, 0),
    (TestStarted, 2, 0),
]


RECIPES: list[dict[str, Any]] = [
    {"recipe": "tutorial", "momentum": 0.9},
    {"recipe": "fast", "width": 4, "precision": "bfloat16"},
]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: str(r["recipe"]))
@pytest.mark.parametrize(("kind", "epoch", "step"), STOPS)
def test_stopped_and_resumed_equals_never_stopped_bit_for_bit(
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
    assert losses(cut) + losses(rest) == losses(whole)
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


def test_a_non_finite_loss_stops_before_the_weights_are_touched(quick: Quick) -> None:
    hook = NonFiniteLoss(batch=4)
    # 1 image a step and 72 steps: samples come every second step, so the bad loss is found a step after it happened.
    r = train(quick(batch_size=1), hook=hook)
    ended = r.events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "non_finite_loss"
    assert "epoch 1, batch 5" in ended.message and "0.05" in ended.message
    assert hook.state is not None and hook.state.step == 6
    after = hook.state.model.state_dict()
    assert hook.before and all(torch.equal(v, hook.before[k]) for k, v in after.items())
    assert all(bool(v.isfinite().all()) for v in after.values())


def test_a_learning_rate_that_diverges_fails_with_advice(quick: Quick) -> None:
    ended = train(quick(lr=100.0, epochs=20)).events[-1]
    assert isinstance(ended, RunFailed) and "--lr" in ended.message


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_out_of_memory_says_the_batch_size_and_what_to_try(quick: Quick, error: Exception) -> None:
    ended = train(quick(), hook=FailingForward(error)).events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "out_of_memory"
    assert "batch size 10" in ended.message and "--batch-size 5" in ended.message


def test_any_other_error_is_one_terminal_event_with_its_traceback(quick: Quick) -> None:
    def fail(_: TrainingState) -> None:
        raise KeyError("lost")

    r = train(quick(), hook=BeforeBatch(fail, "validating"))
    ended = r.events[-1]
    assert isinstance(ended, RunFailed) and "KeyError" in ended.message and "Traceback" in ended.detail
    assert len(r.of(RunEnded)) == 1


def test_a_listener_that_fails_does_not_stop_the_run(quick: Quick) -> None:
    def act(event: Event, _: Control) -> None:
        if isinstance(event, (LossSampled, EpochStarted)):
            raise RuntimeError("a bug in the screen")

    with pytest.warns(UserWarning, match="a bug in the screen"):
        r = train(quick(), act)
    assert isinstance(r.events[-1], RunCompleted)


def test_a_failed_save_is_told_and_training_goes_on(quick: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.storage import checkpoint_writer

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_writer, "write_atomic", full)
    r = train(quick())
    # One an epoch, and one more attempt before the test, because the best weights are not on the disk yet.
    assert [e.error for e in r.of(CheckpointFailed)] == ["No space left on device"] * 3
    completed = r.events[-1]
    assert isinstance(completed, RunCompleted) and completed.best_checkpoint is None


def test_a_full_disk_for_events_is_reported_and_training_goes_on(quick: Quick) -> None:
    class FullDisk(Hook):
        def before_event(self, event: Event) -> None:
            if isinstance(event, LossSampled):
                raise OSError(28, "No space left on device")

    r = train(quick(), hook=FullDisk())
    assert isinstance(r.events[-1], RunCompleted)
    assert "No space left" in r.of(LineLogged)[0].text


def test_the_shown_images_are_classified_after_each_epoch(quick: Quick) -> None:
    from engine.events.types import ImagesChosen

    r = train(quick())
    chosen, told = r.of(ImagesChosen)[0], r.of(ImagesClassified)
    assert len(chosen.indices) == len(chosen.labels) == 30
    assert [len(t.predicted) for t in told] == [30, 30]
    assert all(0 <= c <= 1 for t in told for c in t.confidence)


def test_a_taken_name_and_a_locked_run_are_refused(quick: Quick, tmp_path: Path) -> None:
    from engine.storage.run_directory import RunDirectory

    train(quick())
    taken = train(quick()).events[-1]
    assert isinstance(taken, RunFailed) and "--resume" in taken.message
    assert [name_of(e) for e in train(quick(dataset="nothing")).events] == ["run_failed"], "at once"
    holder = RunDirectory(tmp_path / "runs" / "run")
    holder.lock()
    try:
        locked = train(quick(epochs=3), resume=tmp_path / "runs" / "run").events[-1]
    finally:
        holder.close()
    assert isinstance(locked, RunFailed) and "in use by process" in locked.message


def test_cuda_asked_for_and_absent_is_one_line(quick: Quick) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    ended = train(quick(device="cuda")).events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "device" and "--device cpu" in ended.message


def test_the_same_seed_gives_the_same_run_and_another_gives_another(quick: Quick) -> None:
    one, same, other = (losses(train(quick(name=n, seed=s))) for n, s in (("a", 1), ("b", 1), ("c", 2)))
    assert one == same != other


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: str(r["recipe"]))
def test_two_runs_at_once_are_each_as_if_alone(quick: Quick, recipe: dict[str, Any]) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    values = {**recipe, "epochs": 3}  # `fast` grows its network after the first
    alone = losses(train(quick(name="alone", **values)))
    assert torch.equal(torch.get_rng_state(), before), "PyTorch's own generator is everyone's: no run may draw from it"
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda name: losses(train(quick(name=name, **values))), ("left", "right"))
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
