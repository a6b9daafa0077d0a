"""Stochastic gradient descent: PyTorch's own updates, without its compiler."""

import pytest
import torch

from engine.optim.sgd import SGD


@pytest.mark.parametrize(
    ("momentum", "weight_decay", "nesterov"), [(0.0, 0.0, False), (0.9, 0.0, False), (0.9, 1e-3, True)]
)
def test_updates_are_bit_for_bit_pytorchs(momentum: float, weight_decay: float, nesterov: bool) -> None:
    torch.manual_seed(0)
    start = [torch.randn(4, 3, 3, 3), torch.randn(5)]
    ours, theirs = ([torch.nn.Parameter(t.clone()) for t in start] for _ in range(2))
    optimizer = SGD(ours, 0.1, momentum, weight_decay, nesterov)
    reference = torch.optim.SGD(
        theirs, lr=0.1, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov, fused=True
    )
    for _ in range(3):
        for p, q in zip(ours, theirs, strict=True):
            p.grad = torch.randn_like(p)
            q.grad = p.grad.clone()
        optimizer.step()
        reference.step()
    assert all(torch.equal(p, q) for p, q in zip(ours, theirs, strict=True))
    assert not torch.equal(ours[1], start[1])
    state, wanted = optimizer.state_dict()["state"], reference.state_dict()["state"]
    assert state.keys() == wanted.keys()
    assert all(torch.equal(state[i]["momentum_buffer"], wanted[i]["momentum_buffer"]) for i in wanted if momentum)


def test_nothing_is_updated_where_found_inf_is_set_nor_without_a_gradient() -> None:
    moved, still = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(3))
    optimizer = SGD([moved, still], 0.1, 0.0, 0.0, False)
    optimizer.found_inf = torch.ones(())
    moved.grad = torch.full((3,), float("nan"))
    optimizer.step()
    assert torch.equal(moved, torch.ones(3))
    optimizer.found_inf = torch.zeros(())
    moved.grad = torch.ones(3)
    optimizer.step()
    assert torch.allclose(moved, torch.full((3,), 0.9)) and torch.equal(still, torch.ones(3))
