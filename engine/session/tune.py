"""Threads, precision and memory format of a run: as configured, else as recorded, else measured."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

from torch import nn
from torch.nn import functional as F

from engine.config.schema import Config
from engine.data.preprocess import to_float
from engine.data.types import LabeledImages
from engine.runtime.autotune import Tuning, choose, cuda_tuning
from engine.session.context import SessionContext

MEASURED_IMAGES = 64
"""Largest batch to measure with: larger ones give the same ranking, and take longer."""


def tune(context: SessionContext, model: nn.Module, data: LabeledImages, recorded: dict[str, Any] | None) -> Tuning:
    """Choose a tuning and apply it to this thread.

    Args:
        context: its configuration comes first.
        model: on the device; not modified.
        data: training images on the device, for a measurement.
        recorded: the tuning of the run to resume, which comes second.
    """
    options, device = context.config.runtime, data.images.device
    configured: dict[str, Any] = {
        "threads": options.threads,
        "precision": options.precision,
        "memory_format": options.memory_format,
    }
    configured = {name: value for name, value in configured.items() if value not in (0, "auto")}
    tuning = dataclasses.replace(Tuning(**recorded) if recorded else Tuning(), **configured)
    free = set() if recorded else {"threads", "precision", "memory_format"} - set(configured)
    if device.type == "cuda":
        suitable = cuda_tuning(device, None if "precision" in free else tuning.precision)
        tuning = dataclasses.replace(tuning, **{k: v for k, v in suitable.items() if k in free})
    elif free:
        context.report("Measuring this machine")
        return choose(tuning, free, _trial_steps(context.config, model, data))
    tuning.apply()
    return tuning


def _trial_steps(config: Config, model: nn.Module, data: LabeledImages) -> Callable[[Tuning], Callable[[], object]]:
    """Makes training steps like the run's own, each on a copy of the network, to be timed."""
    size = min(config.run.batch_size, len(data), MEASURED_IMAGES)

    def make_step(tuning: Tuning) -> Callable[[], object]:
        scratch = copy.deepcopy(model).train().to(memory_format=tuning.layout)
        x, y = to_float(data.images[:size], tuning.layout), data.labels[:size]

        def step() -> None:
            with tuning.autocast(x.device):
                logits = scratch(x)
            F.cross_entropy(logits.float(), y).backward()
            scratch.zero_grad()

        return step

    return make_step
