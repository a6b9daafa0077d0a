"""The state of a run: the network, its optimizer, the position, and the best weights so far."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor, nn

from engine.optim.protocol import Optimizer
from engine.runtime.timing import Stopwatch
from engine.training.plan import Plan

Phase = Literal["training", "validating", "testing"]


@dataclass(slots=True)
class Best:
    """The lowest validation loss so far and the weights that reached it."""

    epoch: int = 0
    """0 before the first validation."""
    valid_loss: float = math.inf
    valid_accuracy: float = 0.0
    size: int = 32
    """Side in pixels of the images that they were validated on."""
    weights: dict[str, Tensor] | None = None
    """On the CPU, never modified."""


@dataclass(slots=True)
class TrainingState:
    """What changes as a run proceeds. Shared by the parts of the trainer, and shown to hooks."""

    plan: Plan
    model: nn.Module
    optimizer: Optimizer = field(init=False)
    """Made by `Learner`."""
    epoch: int = 1
    """From 1; one more than the last epoch once all are trained."""
    step: int = 0
    """Optimization steps done in this epoch."""
    phase: Phase = "training"
    best: Best = field(default_factory=Best)
    watch: Stopwatch = field(default_factory=Stopwatch)
    """Working time of the run, pauses excluded."""
    epoch_start: float = 0.0
    """What `watch` showed when the epoch began."""

    @property
    def reported_epoch(self) -> int:
        """The epoch for events: during the test, the last one."""
        return min(self.epoch, self.plan.epochs)

    @property
    def epoch_seconds(self) -> float:
        """Working time of this epoch so far."""
        return self.watch.seconds - self.epoch_start

    @property
    def weights_position(self) -> tuple[int, int]:
        """The epoch and step that the current weights come from; step 0 stands for the end of the epoch."""
        return (self.epoch - 1, 0) if self.step == 0 else (self.epoch, self.step)

    @property
    def weights_size(self) -> int:
        """Side in pixels of the images that the current weights were last trained on."""
        epoch, step = self.weights_position
        return self.plan.curriculum.size(max(1, epoch), (step or self.plan.steps) - 1)

    def state_dict(self) -> dict[str, Any]:
        """Position, time and best weights; `Learner` has network and optimizer."""
        best = {name: getattr(self.best, name) for name in Best.__slots__}
        return {
            "epoch": self.epoch,
            "step": self.step,
            "best": best,
            "seconds": self.watch.seconds,
            "epoch_seconds": self.epoch_start,
        }

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Continue from where `state_dict` was taken."""
        self.epoch, self.step = saved["epoch"], saved["step"]
        self.best = Best(**saved["best"])
        self.watch, self.epoch_start = Stopwatch(saved["seconds"]), saved["epoch_seconds"]
