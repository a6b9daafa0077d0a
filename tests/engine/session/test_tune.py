"""Which tuning a run uses: the configured values, then the recorded ones, then a measurement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config.sources import make_config
from engine.data.types import LabeledImages
from engine.events.types import Event, PreparationAdvanced
from engine.models.registry import make_model
from engine.runtime.autotune import Tuning
from engine.session import tune as module
from engine.session.context import SessionContext
from engine.session.event_writer import EventWriter
from engine.session.tune import tune
from engine.training.control import Control
from engine.training.hooks import Hook

RECORDED = {"threads": 1, "precision": "bfloat16", "memory_format": "contiguous"}


class Result:
    """A tuning, and what led to it."""

    def __init__(self, recorded: dict[str, Any] | None, **settings: Any) -> None:
        self.events = list[Event]()
        config = make_config({"recipe": "tutorial", "precision": "auto", "runs_dir": str(Path("nowhere")), **settings})
        context = SessionContext(config, Control(), EventWriter(self.events.append, Hook()), Hook(), None)
        model = make_model(config.model, 3, seed=0)
        data = LabeledImages(torch.zeros(70, 3, 32, 32, dtype=torch.uint8), torch.zeros(70, dtype=torch.int64))
        threads = torch.get_num_threads()
        try:
            self.tuning = tune(context, model, data, recorded)
            self.threads = torch.get_num_threads()
        finally:
            torch.set_num_threads(threads)
        self.measured = any(isinstance(e, PreparationAdvanced) for e in self.events)


def test_recorded_values_are_kept_without_a_measurement() -> None:
    result = Result(RECORDED)
    assert result.tuning == Tuning(**RECORDED) and result.threads == 1 and not result.measured


def test_configured_values_come_first() -> None:
    result = Result(RECORDED, precision="float32", threads=2)
    assert result.tuning == Tuning(threads=2, precision="float32", memory_format="contiguous")
    result = Result(None, precision="bfloat16", threads=1, memory_format="contiguous")
    assert result.tuning == Tuning(**RECORDED) and not result.measured


def test_what_is_left_open_is_measured_with_steps_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[str]] = []

    def choose(fixed: Tuning, free: set[str], make_step: Any) -> Tuning:
        asked.append(free)
        make_step(fixed)()
        return fixed

    monkeypatch.setattr(module, "choose", choose)
    result = Result(None, threads=1)
    assert asked == [{"precision", "memory_format"}] and result.measured
