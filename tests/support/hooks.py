"""Hooks that act once, at one place of a run."""

from __future__ import annotations

from collections.abc import Callable

import torch

from engine.training.hooks import Hook
from engine.training.state import TrainingState


class BeforeBatch(Hook):
    """Calls `act` once: before batch `batch` of the first, or the given, epoch of a phase."""

    def __init__(self, act: Callable[[TrainingState], object], phase: str, batch: int = 0, epoch: int = 1) -> None:
        self.act, self.place, self.reached = act, (phase, epoch, batch), False

    def before_batch(self, state: TrainingState, batch: int) -> None:
        if not self.reached and (state.phase, state.epoch, batch) == self.place:
            self.reached = True
            self.act(state)


class FailingForward(BeforeBatch):
    """The first forward pass of the training raises `error`, as a layer that runs out of memory does."""

    def __init__(self, error: BaseException) -> None:
        def fail(*_: object) -> None:
            raise error

        super().__init__(lambda state: state.model.register_forward_pre_hook(fail), "training")


class NonFiniteLoss(Hook):
    """The loss of one training batch is NaN; notes what the weights were before it."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.state: TrainingState | None = None
        self.before: dict[str, torch.Tensor] = {}

    def before_batch(self, state: TrainingState, batch: int) -> None:
        if state.phase == "training" and batch == self.batch and self.state is None:
            self.state = state
            self.before = {k: v.clone() for k, v in state.model.state_dict().items()}
            handle = state.model.register_forward_hook(
                lambda _, __, logits: (handle.remove(), logits * float("nan"))[1]
            )
