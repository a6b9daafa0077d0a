"""Muon."""

import pytest
import torch
from torch.nn import functional as F

from engine.models.registry import MODELS, make_model
from engine.optim.muon import Muon, make_muon, orthogonalized


def test_orthogonalized_matrices_have_singular_values_near_one() -> None:
    g = torch.Generator().manual_seed(0)
    for shape in ((32, 216), (216, 32), (64, 64)):
        values = torch.linalg.svdvals(orthogonalized(torch.randn(shape, generator=g), steps=5))
        assert values.min() > 0.5 and values.max() < 1.35


def test_muon_keeps_the_norm_of_filters_and_reduces_the_loss() -> None:
    model = make_model(MODELS["airbench"].choose(width=8), 10, seed=0)
    optimizer = make_muon(model, 64, torch.float32, lr=0.3, weight_decay=2e-6)
    g = torch.Generator().manual_seed(0)
    x, y = torch.rand(64, 3, 32, 32, generator=g) * 2 - 1, torch.arange(64) % 10
    model.initialize(x)
    losses = []
    for step in range(30):
        optimizer.lr_multiplier = 1 - step / 30
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3
    filters = [p for p in model.parameters() if p.ndim == 4 and p.requires_grad]
    assert all(p.detach().norm().item() == pytest.approx(len(p) ** 0.5, rel=0.1) for p in filters)


def test_no_update_is_made_where_found_inf_is_set() -> None:
    p = torch.nn.Parameter(torch.randn(4, 3, 3, 3))
    q = torch.nn.Parameter(torch.randn(5))
    optimizer = Muon([{"params": [p], "lr": 0.1, "momentum": 0.6, "muon": True}, {"params": [q], "lr": 0.1}])
    optimizer.found_inf = torch.ones(())
    before = p.detach().clone(), q.detach().clone()
    p.grad, q.grad = torch.full_like(p, float("nan")), torch.full_like(q, float("inf"))
    optimizer.step()
    assert torch.equal(p, before[0]) and torch.equal(q, before[1])
    assert all(bool(s["momentum_buffer"].isfinite().all()) for s in optimizer.state.values())
    optimizer.found_inf = torch.zeros(())
    p.grad, q.grad = torch.randn_like(p), torch.randn_like(q)
    optimizer.step()
    assert not torch.equal(p, before[0]) and not torch.equal(q, before[1])
