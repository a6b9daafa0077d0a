"""A property of any run: stopped anywhere and resumed, it equals an uninterrupted one bit for bit."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import note

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.events.commands import Stop
from engine.events.log import read_events
from engine.events.types import (
    CheckpointSaved,
    EpochCompleted,
    EpochStarted,
    Event,
    ImagesClassified,
    LossSampled,
    RunCompleted,
    RunStopped,
    TestCompleted,
)
from engine.storage.checkpoint import load_checkpoint
from engine.training.control import Control
from engine.training.hooks import Hook
from engine.training.state import TrainingState
from tests.support.runs import Recorder, train
from tests.support.states import same

NETWORKS = [{"recipe": "tutorial"}, {"recipe": "fast", "width": 12}]  # of width 8 in a first cycle of one epoch


STOPS = st.lists(st.integers(1, 60), min_size=1, max_size=4)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Settings of a short run on few images; nothing is left to a measurement of the machine."""
    values: dict[str, Any] = {
        **draw(st.sampled_from(NETWORKS)),
        "epochs": draw(st.integers(1, 4)),
        "batch_size": draw(st.integers(7, 80)),
        "schedule": draw(st.sampled_from(["constant", "linear", "cycles"])),
        "flip": draw(st.sampled_from(["off", "random", "alternating"])),
        "rotation": draw(st.sampled_from([0.0, 10.0])),
        "crop": draw(st.integers(0, 3)),
        "cutout": draw(st.sampled_from([0, 8])),
        "label_smoothing": draw(st.sampled_from([0.0, 0.2])),
        "weight_decay": draw(st.sampled_from([0.0, 1e-3])),
        "stratified": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**31 - 1)),
        "precision": draw(st.sampled_from(["float32", "bfloat16"])),
        "memory_format": draw(st.sampled_from(["channels_last", "contiguous"])),
        "keep": draw(st.integers(1, 3)),
    }
    if values["recipe"] == "fast":
        values["progressive"] = draw(st.booleans())
    if values["recipe"] == "tutorial":
        values["lr"] = draw(st.sampled_from([0.01, 0.1]))
        values["momentum"] = draw(st.sampled_from([0.0, 0.9]))
    return values


class StopAtBatch(Hook):
    """Stops a run before its n-th batch, counted over all phases; 0 for never."""

    def __init__(self, control: Control, batches: int) -> None:
        self.control, self.left = control, batches

    def before_batch(self, state: TrainingState, batch: int) -> None:
        self.left -= 1
        if self.left == 0:
            self.control.send(Stop())


def go(config: Config, resume: Path | None, stop_at: int = 0) -> Recorder:
    """Start or resume a run, and stop it before batch `stop_at`."""
    control = Control()
    with pytest.MonkeyPatch.context() as m:
        m.setattr("engine.training.evaluate.BATCH_SIZE", 5)  # several batches of validation and of the test
        return train(config, resume=resume, hook=StopAtBatch(control, stop_at), control=control)


def told(events: list[Event]) -> list[tuple[object, ...]]:
    """What the events say was learned, without times. What was emitted twice because of a stop counts once."""
    kept: dict[tuple[object, ...], tuple[object, ...]] = {}
    for e in events:
        match e:
            case EpochStarted() if e.step == 0:
                kept["started", e.epoch] = (e.learning_rate,)
            case LossSampled():
                kept["loss", e.epoch, e.step] = (e.steps, e.train_loss)
            case EpochCompleted():
                kept["epoch", e.epoch] = (
                    *(e.train_loss, e.train_accuracy, e.valid_loss, e.valid_accuracy),
                    *(e.learning_rate, e.per_class, e.best),
                )
            case ImagesClassified():
                kept["shown", e.epoch] = (e.predicted, e.confidence)
            case CheckpointSaved() if e.reason in ("best", "epoch"):
                kept["saved", e.epoch] = (e.reason, e.valid_loss, e.previous_best)
            case TestCompleted():
                kept["test"] = (e.epoch, e.loss, e.accuracy, e.tta_accuracy, e.confusion)
            case _:
                pass
    return sorted(((*key, *value) for key, value in kept.items()), key=repr)


def check(images: Path, folder: Path, values: dict[str, Any], stops: list[int], device: str = "cpu") -> None:
    """Run without a stop and with stops, and compare everything."""
    shutil.rmtree(folder / "whole", ignore_errors=True)
    shutil.rmtree(folder / "parts", ignore_errors=True)
    fixed = {"dataset": str(images), "runs_dir": str(folder), "threads": 1, "device": device}
    whole = go(make_config({**fixed, **values, "name": "whole"}), None)
    assert isinstance(whole.events[-1], RunCompleted), whole.events[-1]
    config, resume = make_config({**fixed, **values, "name": "parts"}), None
    for batches in stops:
        part = go(config, resume, batches)
        note(f"{part.events[-1]}")
        assert isinstance(part.events[-1], (RunStopped, RunCompleted)), part.events[-1]
        resume = folder / "parts"
    ended = go(config, resume).events[-1]
    assert isinstance(ended, RunCompleted), ended
    logs = [list(read_events(folder / name / "events.jsonl")) for name in ("whole", "parts")]
    assert told(logs[1]) == told(logs[0])
    name = f"epoch-{values['epochs']:04}.pt"
    for file in (name, "best.pt"):
        states = [load_checkpoint(folder / run / "checkpoints" / file) for run in ("whole", "parts")]
        assert same(states[0]["best"], states[1]["best"]), file
        if file == name:
            for key in ("model", "optimizer", "epoch", "step", "sums"):
                assert same(states[0][key], states[1][key]), key
