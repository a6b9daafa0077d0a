"""Muon: orthogonalized momentum for convolution filters, Nesterov SGD for every other parameter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from engine.runtime.torch_private import keep_compiler_out

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration, chosen to bring singular values down to 0.01 close to 1 in few steps."""
NEWTON_SCHULZ_STEPS = 3
MOMENTUM, SGD_MOMENTUM = 0.6, 0.85
"""Of filters, and of all other parameters."""
BIAS_RATE, HEAD_RATE = 0.22, 2.8
"""Learning rates of biases and of linear layers relative to that of filters, per image of the batch."""


class Muon(torch.optim.Optimizer):
    """Momentum orthogonalized by a Newton-Schulz iteration, as `engine.optim.protocol.Optimizer` describes.

    Source: Keller Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), in the form of
    airbench94_muon: each filter bank is kept at a fixed norm, and its update is the nearest orthogonal matrix to the
    Nesterov momentum of its gradient.

    Args:
        groups: parameter groups with "lr", "momentum", "weight_decay" and "muon" (bool).
        precision: of the Newton-Schulz iteration, which is insensitive to rounding.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], precision: torch.dtype = torch.float32) -> None:
        self.precision = precision
        super().__init__(groups, {"momentum": 0.0, "weight_decay": 0.0, "muon": False})
        self.found_inf: Tensor | None = None
        self.lr_multiplier: float | Tensor = 1.0

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            lr = self.lr_multiplier * group["lr"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(p)
                old: Tensor = state["momentum_buffer"]
                gradient = p.grad
                if group["weight_decay"]:
                    gradient = gradient.add(p, alpha=group["weight_decay"])
                momentum = old.mul(group["momentum"]).add_(gradient)
                gradient = gradient.add(momentum, alpha=group["momentum"])
                if group["muon"]:
                    update = orthogonalized(gradient.reshape(len(p), -1).to(self.precision)).view_as(p)
                    new = _stepped(p * (len(p) ** 0.5 / p.norm()), update.to(p.dtype), lr)
                else:
                    new = _stepped(p, gradient, lr)
                if self.found_inf is not None:
                    new = torch.where(self.found_inf != 0, p, new)
                    momentum = torch.where(self.found_inf != 0, old, momentum)
                p.copy_(new)
                old.copy_(momentum)


def _stepped(p: Tensor, update: Tensor, lr: float | Tensor) -> Tensor:
    """p - lr * update."""
    return torch.addcmul(p, update, lr, value=-1) if isinstance(lr, Tensor) else p.add(update, alpha=-lr)


def orthogonalized(matrix: Tensor, steps: int = NEWTON_SCHULZ_STEPS) -> Tensor:
    """Approximately the nearest matrix with orthonormal rows or columns: singular values between 0.7 and 1.2.

    Args:
        matrix: float (M, N).
        steps: of the Newton-Schulz iteration.
    """
    a, b, c = NEWTON_SCHULZ
    x: Tensor = matrix / (matrix.norm() + 1e-7)
    if matrix.shape[0] > matrix.shape[1]:
        x = x.T
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + torch.addmm(gram, gram, gram, beta=b, alpha=c) @ x
    if matrix.shape[0] > matrix.shape[1]:
        x = x.T
    return x


def make_muon(model: nn.Module, batch_size: int, precision: torch.dtype, *, lr: float, weight_decay: float) -> Muon:
    """Muon over the trainable parameters of `model`: filters, biases, and each linear layer, in groups of their own."""
    keep_compiler_out()
    trainable = [p for p in model.parameters() if p.requires_grad]
    filters = [p for p in trainable if p.ndim == 4]
    biases = [p for p in trainable if p.ndim == 1]
    heads = [p for p in trainable if p.ndim == 2]
    others = ((biases, BIAS_RATE), *(([h], HEAD_RATE / h.shape[1] ** 2) for h in heads))
    return Muon(
        [
            {"params": filters, "lr": lr, "momentum": MOMENTUM, "muon": True},
            *(
                {
                    "params": params,
                    "lr": rate * lr * batch_size,
                    "momentum": SGD_MOMENTUM,
                    # The fraction of a weight that decays per image, whatever the learning rate.
                    "weight_decay": weight_decay / (rate * lr),
                }
                for params, rate in others
            ),
        ],
        precision,
    )
