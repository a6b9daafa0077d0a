"""One optimization step against the same step in plain PyTorch, and the guard."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine.config.sources import make_config
from engine.data.preprocess import to_float
from engine.models.registry import make_model
from engine.runtime.autotune import Tuning
from engine.runtime.runtime import Runtime
from engine.training.learner import Learner
from engine.training.plan import Plan
from engine.training.state import TrainingState
from engine.training.step import OptimizationStep

CPU = torch.device("cpu")
IMAGES = torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(8) % 3


def make(**settings: Any) -> tuple[TrainingState, OptimizationStep]:
    config = make_config({"recipe": "tutorial", "batch_size": 8, "epochs": 2, "lr": 0.1, **settings})
    state = TrainingState(Plan(config, 80, full_width=0), make_model(config.model, 3, seed=0).train())
    Learner(config, state, Tuning(), lambda _: None)
    return state, OptimizationStep(config, state, Runtime(CPU, Tuning(), {}), lambda _: None)


def weights(model: nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in model.parameters()]


def test_a_step_is_one_of_plain_pytorch() -> None:
    state, step = make(dropout=0.0, momentum=0.9, label_smoothing=0.1, schedule="linear")
    plain = copy.deepcopy(state.model)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1, momentum=0.9)
    losses = []
    for number in range(3):
        step(IMAGES, LABELS)
        state.step += 1
        optimizer.zero_grad()
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - number / 20)
        loss = F.cross_entropy(plain(to_float(IMAGES)), LABELS, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    for ours, theirs in zip(weights(state.model), weights(plain), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)
    mean, accuracy = step.metrics.means(3 * len(LABELS))
    assert mean == pytest.approx(sum(losses) / 3, rel=1e-6) and 0 <= accuracy <= 1


def test_dropout_depends_on_the_position_alone() -> None:
    results = []
    for position in (3, 3, 4):
        state, step = make()
        torch.rand(position)  # what was drawn before does not matter
        state.step = position
        step(IMAGES, LABELS)
        results.append(torch.cat([w.flatten() for w in weights(state.model)]))
    assert torch.equal(results[0], results[1]) and not torch.equal(results[0], results[2])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("optimizer", ["sgd", "muon"])
def test_a_loss_that_is_not_finite_stops_all_further_updates(value: float, optimizer: str) -> None:
    state, step = make(optimizer=optimizer)
    step(IMAGES, LABELS)
    before = weights(state.model)
    handle = state.model.register_forward_hook(lambda _, __, logits: logits * value)
    step(IMAGES, LABELS)
    handle.remove()
    step(IMAGES, LABELS)
    assert all(map(torch.equal, before, weights(state.model)))
    assert step.guard.found_inf == 1 and step.guard.skipped == 2
