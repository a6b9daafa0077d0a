"""Runs on a GPU; all of these tests are skipped without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings

from engine.config.schema import Config
from engine.events.commands import Evaluate, InspectImage, Pause, Resume, Save, Stop
from engine.events.types import (
    CheckpointSaved,
    EpochCompleted,
    EpochStarted,
    Event,
    LineLogged,
    LossSampled,
    PredictionsSaved,
    RunCompleted,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    TestCompleted,
)
from engine.inspection.trained_model import load_trained
from engine.inspection.types import ImageInspected
from engine.storage.checkpoint import load_checkpoint
from engine.training import cuda_graph as captured
from engine.training.control import Control
from tests.support.exact_resume import STOPS, check, configurations
from tests.support.runs import train
from tests.support.states import same

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
    pytest.mark.usefixtures("any_kernels"),
]

RECIPES: dict[str, dict[str, Any]] = {
    "tutorial": {"epochs": 4, "momentum": 0.9, "batch_size": 32},
    "fast": {"epochs": 3, "batch_size": 128, "lr": 0.15, "width": 12},
    "record": {"epochs": 2, "batch_size": 128, "lr": 0.15, "width": 12},
    "accurate": {"epochs": 2, "batch_size": 128, "lr": 0.15, "width": 12},
}
Quick = Callable[..., Config]


def cuda_tuning(quick: Quick, recipe: str, **changes: Any) -> Config:
    """A run on the GPU with its default precision and memory format."""
    precision = "float32" if recipe == "tutorial" else "auto"
    automatic = {"device": "cuda", "precision": precision, "memory_format": "auto", "threads": 0}
    return quick(recipe=recipe, **{**automatic, "dataset": "shapes", **RECIPES[recipe], **changes})


def last(config: Config) -> dict[str, Any]:
    """The checkpoint of the last epoch."""
    return load_checkpoint(
        Path(config.run.runs_dir) / config.run.name / "checkpoints" / f"epoch-{config.run.epochs:04}.pt"
    )


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_learns(quick: Quick, recipe: str) -> None:
    r = train(cuda_tuning(quick, recipe))
    assert isinstance(r.events[-1], RunCompleted), r.events[-1]
    (started,) = r.of(RunStarted)
    assert started.device == "cuda:0" and started.device_name == torch.cuda.get_device_name(0)
    assert started.precision == ("float32" if recipe == "tutorial" else "bfloat16")
    assert r.of(TestCompleted)[0].accuracy > (0.3 if recipe == "tutorial" else 0.7)  # of ten classes


@pytest.mark.parametrize("recipe", RECIPES)
def test_recorded_steps_give_the_same_results_as_eager_ones(
    quick: Quick, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    recorded: list[object] = []
    record = captured.record

    def counted(*arguments: Any) -> Callable[[], None]:
        recorded.append(arguments)
        return record(*arguments)

    monkeypatch.setattr(captured, "record", counted)
    configs = [cuda_tuning(quick, recipe, name=name, epochs=3, deterministic=True) for name in ("recorded", "eager")]
    runs = [train(configs[0])]
    kinds = len(recorded)
    monkeypatch.setattr(captured, "EAGER_STEPS", 10**9)
    runs.append(train(configs[1]))
    assert kinds and len(recorded) == kinds
    samples = [[(e.epoch, e.step, e.train_loss) for e in r.of(LossSampled)] for r in runs]
    assert samples[0] == samples[1]
    for key in ("model", "optimizer", "best", "sums"):
        assert same(*(last(config)[key] for config in configs)), key


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)
@given(configurations(), STOPS)
def test_a_deterministic_run_stopped_anywhere_equals_an_uninterrupted_one(
    image_folder: Path, tmp_path: Path, values: dict[str, Any], stops: list[int]
) -> None:
    check(image_folder, tmp_path, {**values, "deterministic": True}, stops, "cuda")


@pytest.mark.parametrize("recipe", ["tutorial", "fast"])
def test_a_stop_in_the_middle_of_a_long_epoch_leaves_no_trace(quick: Quick, recipe: str) -> None:
    """Long enough that recorded steps come before and after the stop."""
    whole, parts = (cuda_tuning(quick, recipe, name=name, epochs=3, deterministic=True) for name in ("whole", "parts"))
    train(whole)

    def act(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled) and event.epoch == 2 and event.step > 20:
            control.send(Stop())

    train(parts, act)
    r = train(parts, resume=Path(parts.run.runs_dir) / parts.run.name)
    assert isinstance(r.events[-1], RunCompleted), r.events[-1]
    assert not [e for e in r.of(LineLogged) if "not bit for bit" in e.text]
    (started,) = r.of(RunStarted)
    assert (started.epoch, started.step) > (2, 20)
    for key in ("model", "optimizer", "best", "sums"):
        assert same(last(whole)[key], last(parts)[key]), key


def test_requests_between_recorded_steps_change_nothing(quick: Quick) -> None:
    """Save, evaluate and inspect in the middle of an epoch: the result is the same as without."""
    plain, asked = (cuda_tuning(quick, "tutorial", name=name, deterministic=True) for name in ("plain", "asked"))
    train(plain)
    asked_at: list[LossSampled] = []

    def act(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled) and (event.epoch, event.step) >= (2, 50) and not asked_at:
            control.send(Save())
            control.send(Evaluate())
            asked_at.append(event)
            control.send(InspectImage.of_pixels("0", np.zeros((32, 32, 3), np.uint8)))

    r = train(asked, act)
    assert isinstance(r.events[-1], RunCompleted), r.events[-1]
    assert [e for e in r.of(CheckpointSaved) if e.reason == "asked"]
    assert [e for e in r.of(PredictionsSaved) if e.epoch == 2]
    assert len(r.of(ImageInspected)) == 1
    assert same(last(plain)["model"], last(asked)["model"])


def test_a_pause_holds_the_run_on_the_device_too(quick: Quick) -> None:
    paused: list[RunPaused] = []

    def act(event: Event, control: Control) -> None:
        if isinstance(event, LossSampled) and not paused:
            control.send(Pause())
        if isinstance(event, RunPaused):
            paused.append(event)
            control.send(Resume())

    r = train(cuda_tuning(quick, "tutorial", epochs=1), act)
    assert isinstance(r.events[-1], RunCompleted) and r.of(RunResumed)


def test_a_loss_that_is_not_finite_stops_the_run(quick: Quick) -> None:
    config = cuda_tuning(quick, "tutorial", lr=100.0, momentum=0.0)
    ended = train(config).events[-1]
    assert isinstance(ended, RunFailed) and ended.kind == "non_finite_loss", ended


def test_out_of_memory_is_reported_and_the_next_run_works(quick: Quick) -> None:
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(1.5e9 / torch.cuda.get_device_properties(0).total_memory)
    try:
        ended = train(cuda_tuning(quick, "accurate", name="large", batch_size=8000, width=256)).events[-1]
        assert isinstance(ended, RunFailed) and ended.kind == "out_of_memory", ended
        assert "batch size of 4000" in ended.message
        held = torch.cuda.memory_allocated()
        r = train(cuda_tuning(quick, "fast", name="small", epochs=1))
        assert isinstance(r.events[-1], RunCompleted), r.events[-1]
        assert held < 100e6
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def test_a_run_returns_its_memory(quick: Quick) -> None:
    train(cuda_tuning(quick, "fast", name="first", epochs=1))
    before = torch.cuda.memory_reserved()
    for n in range(3):
        train(cuda_tuning(quick, "fast", name=f"again-{n}", epochs=1))
    assert torch.cuda.memory_reserved() <= before + 50e6


def test_a_run_on_the_gpu_can_be_resumed_on_the_cpu_and_says_so(quick: Quick) -> None:
    config = cuda_tuning(quick, "tutorial", epochs=2)

    def act(event: Event, control: Control) -> None:
        if isinstance(event, EpochStarted) and event.epoch == 2:
            control.send(Stop())

    train(config, act)
    run = Path(config.run.runs_dir) / config.run.name
    on_cpu = quick(recipe="tutorial", **{**RECIPES["tutorial"], "dataset": "shapes", "epochs": 2, "device": "cpu"})
    r = train(on_cpu, resume=run)
    assert isinstance(r.events[-1], RunCompleted), r.events[-1]
    assert [e for e in r.of(LineLogged) if "not bit for bit" in e.text and "device" in e.text]
    assert load_trained(run).model is not None
    assert r.of(EpochCompleted)


def test_losses_read_a_sample_late_are_emitted_once_and_in_order(quick: Quick) -> None:
    r = train(cuda_tuning(quick, "tutorial", epochs=2))
    positions = [(e.epoch, e.step) for e in r.of(LossSampled)]
    assert positions == sorted(set(positions))
    steps = r.of(RunStarted)[0].steps_per_epoch
    assert {(1, steps), (2, steps)} <= set(positions)


def test_two_deterministic_runs_with_the_same_seed_are_equal(quick: Quick) -> None:
    configs = [cuda_tuning(quick, "fast", name=name, epochs=2, deterministic=True) for name in ("a", "b")]
    for config in configs:
        train(config)
    assert same(last(configs[0])["model"], last(configs[1])["model"])
