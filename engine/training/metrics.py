"""Training loss and accuracy: summed on the device by every step, read from it rarely and without making it wait."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.events.types import Event, LossSampled
from engine.training.guard import NonFiniteGuard, non_finite_loss
from engine.training.state import TrainingState

SAMPLES_PER_EPOCH = 60
"""Points of the training-loss curve per epoch."""


class EpochMetrics:
    """Sums over the steps of the current epoch, as float64 on the device."""

    def __init__(self, device: torch.device) -> None:
        self.sums = torch.zeros(3, dtype=torch.float64, device=device)
        self.loss, self.correct, self.loss_since_sample = self.sums.unbind()  # views

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Add a step.

        Args:
            loss: 0-d, the mean over the batch.
            logits: float (N, classes).
            labels: int64 (N,).
        """
        self.loss.add_(loss, alpha=len(labels))
        self.loss_since_sample.add_(loss, alpha=len(labels))
        self.correct += (logits.argmax(1) == labels).sum()

    def means(self, images: int) -> tuple[float, float]:
        """Mean loss and accuracy of the epoch, over `images` images."""
        loss, accuracy, _ = (self.sums.cpu() / images).tolist()
        return loss, accuracy

    def reset(self) -> None:
        """Start a new epoch."""
        self.sums.zero_()

    def state_dict(self) -> dict[str, Any]:
        """The sums so far."""
        return {"sums": self.sums.cpu()}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Continue from where `state_dict` was taken."""
        self.sums.copy_(saved["sums"])


@dataclass(frozen=True, slots=True)
class _Sample:
    """Values that the device may not have computed yet."""

    epoch: int
    step: int
    images: int
    values: Tensor
    """float64 (2,): the sum of the losses since the previous sample, and `NonFiniteGuard.skipped`."""
    ready: torch.cuda.Event | None


class LossCurve:
    """Emits `LossSampled` some times per epoch, and raises if a loss was not finite.

    On a GPU, a sample is read when the next one is taken. The host then waits for a step that the device has long left
    behind, and can launch further steps meanwhile.

    Args:
        state: of the run.
        metrics, guard: what the steps update.
        emit: receives the events.
    """

    def __init__(
        self, state: TrainingState, metrics: EpochMetrics, guard: NonFiniteGuard, emit: Callable[[Event], None]
    ) -> None:
        self._state, self._metrics, self._guard, self._emit = state, metrics, guard, emit
        self._interval = math.ceil(state.plan.steps / SAMPLES_PER_EPOCH)
        self._pending: _Sample | None = None

    def step_done(self) -> None:
        """Take a sample if one is due after this step.

        Raises:
            NonFiniteLossError: an earlier loss was not finite.
        """
        step = self._state.step
        if step % self._interval == 0 or step == self._state.plan.steps:
            self._sample()

    def flush(self) -> None:
        """Wait for the pending sample, if any, and emit it.

        Raises:
            NonFiniteLossError: a loss up to that sample was not finite.
        """
        sample, self._pending = self._pending, None
        if sample is None:
            return
        if sample.ready is not None:
            sample.ready.synchronize()
        loss_sum, skipped = sample.values.tolist()
        self._raise_if_skipped(int(skipped), sample.step)
        steps, loss = self._state.plan.steps, loss_sum / sample.images
        self._emit(LossSampled(epoch=sample.epoch, step=sample.step, steps=steps, train_loss=loss))

    def raise_if_not_finite(self) -> None:
        """Wait for all steps so far and check their losses.

        Raises:
            NonFiniteLossError: one of them was not finite.
        """
        self.flush()
        self._raise_if_skipped(int(self._guard.skipped), self._state.step)

    def _sample(self) -> None:
        epoch, step, plan = self._state.epoch, self._state.step, self._state.plan
        first = (step - 1) // self._interval * self._interval  # steps done at the previous sample
        images = min((step - first) * plan.batch_size, plan.images - first * plan.batch_size)
        values = torch.stack((self._metrics.loss_since_sample, self._guard.skipped.double()))
        self._metrics.loss_since_sample.zero_()
        ready = None
        if values.is_cuda:
            values = torch.empty(2, dtype=torch.float64, pin_memory=True).copy_(values, non_blocking=True)
            ready = torch.cuda.Event()
            ready.record()
        self.flush()
        self._pending = _Sample(epoch, step, images, values, ready)
        if ready is None:
            self.flush()

    def _raise_if_skipped(self, skipped: int, step: int) -> None:
        """Raise if updates were skipped, the last `skipped` of the first `step` steps of the epoch."""
        if skipped:
            epoch, first = self._state.epoch, step - skipped
            raise non_finite_loss(epoch, first, self._state.plan.learning_rate(epoch, first))
