"""The training-loss curve: points of the right values, and losses that are not finite."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.config.sources import make_config
from engine.errors import NonFiniteLossError
from engine.events.types import Event, LossSampled
from engine.training.guard import NonFiniteGuard
from engine.training.metrics import SAMPLES_PER_EPOCH, EpochMetrics, LossCurve
from engine.training.plan import Plan
from engine.training.state import TrainingState

CPU = torch.device("cpu")
BATCH, STEPS = 4, 3 * SAMPLES_PER_EPOCH - 1
IMAGES = BATCH * STEPS - 3
"""The last batch holds one image."""


class Curve:
    """A loss curve that is fed by hand."""

    def __init__(self) -> None:
        config = make_config({"recipe": "tutorial", "batch_size": BATCH, "lr": 0.5})
        self.state = TrainingState(Plan(config, IMAGES, full_width=0), nn.Identity())
        self.metrics, self.guard, self.events = EpochMetrics(CPU), NonFiniteGuard(CPU), list[Event]()
        self.curve = LossCurve(self.state, self.metrics, self.guard, self.events.append)

    def step(self, loss: float) -> None:
        size = BATCH if self.state.step < STEPS - 1 else 1
        value, labels = torch.tensor(loss), torch.zeros(size, dtype=torch.int64)
        self.guard.check(value)
        self.metrics.add(value, torch.eye(3)[labels], labels)
        self.state.step += 1
        self.curve.step_done()


def test_samples_are_means_over_the_images_since_the_last_one() -> None:
    curve = Curve()
    for number in range(STEPS):
        curve.step(float(number))
    samples = [e for e in curve.events if isinstance(e, LossSampled)]
    assert [s.step for s in samples] == [*range(3, STEPS, 3), STEPS]
    assert [s.train_loss for s in samples[:-1]] == [n - 2.0 for n in range(3, STEPS, 3)]
    assert samples[-1].train_loss == pytest.approx((BATCH * (STEPS - 2) + (STEPS - 1)) / (BATCH + 1))
    mean, accuracy = curve.metrics.means(IMAGES)
    assert mean == pytest.approx((BATCH * sum(range(STEPS - 1)) + STEPS - 1) / IMAGES) and accuracy == 1
    curve.metrics.reset()
    assert curve.metrics.means(IMAGES) == (0, 0)


def test_the_first_loss_that_was_not_finite_is_named() -> None:
    curve = Curve()
    for loss in (1.0, 1.0, 1.0, float("inf")):
        curve.step(loss)
    curve.step(1.0)
    with pytest.raises(NonFiniteLossError, match=r"epoch 1, batch 4, at learning rate 0\.5"):
        curve.step(1.0)


def test_before_a_save_every_loss_is_checked() -> None:
    curve = Curve()
    curve.step(1.0)
    curve.curve.raise_if_not_finite()
    curve.step(float("nan"))
    with pytest.raises(NonFiniteLossError, match="batch 2"):
        curve.curve.raise_if_not_finite()
