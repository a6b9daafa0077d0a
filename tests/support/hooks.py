"""Hooks for tests: act once at a given place of a run, or make it fail there."""

from __future__ import annotations

from collections.abc import Callable

import torch

from engine.training.hooks import Hook
from engine.training.state import TrainingState


class BeforeBatch(Hook):
    """Calls `act` once, before the given batch of a phase in the given epoch."""

    def __init__(self, act: Callable[[TrainingState], object], phase: str, batch: int = 0, epoch: int = 1) -> None:
        self.act, self.place, self.reached = act, (phase, epoch, batch), False

    def before_batch(self, state: TrainingState, batch: int) -> None:
        if not self.reached and (state.phase, state.epoch, batch) == self.place:
            self.reached = True
            self.act(state)


class FailingForward(BeforeBatch):
    """Makes the first forward pass of the training raise `error`, like a layer that runs out of memory."""

    def __init__(self, error: BaseException) -> None:
        def fail(*_: object) -> None:
            raise error

        super().__init__(lambda state: state.model.register_forward_pre_hook(fail), "training")


class NonFiniteLoss(Hook):
    """Makes the loss of one training batch NaN, and keeps the weights from before it."""

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
