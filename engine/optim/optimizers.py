"""The optimizers: SGD as PyTorch has it, and Muon for the filters of a network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.sgd import sgd

from engine.config.schema import Config
from engine.runtime.torch_private import keep_compiler_out

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration; they carry singular values of 0.01 and more to about one in few steps."""
NEWTON_SCHULZ_STEPS = 3
MUON_MOMENTUM = 0.6
SHIFT_RATE, HEAD_RATE, SGD_MOMENTUM = 0.22, 2.8, 0.85
"""What Muon's learning rate is multiplied with for shifts and for the head, an image of the batch."""


class SGD(torch.optim.SGD):
    """PyTorch's, with its fused kernel, but for an import: each step of theirs wants the compiler, a second at the first.

    A tensor set as `found_inf` holds every update back where it is 1, as in theirs. `lr_multiplier`, a number or a tensor on the
    device, is what learning rates are multiplied with at this step.

    Args:
        params: to be trained.
        lr: learning rate, the full one.
        momentum: 0 for none.
        weight_decay: as L2 regularization.
        nesterov: the momentum looks ahead.
    """

    def __init__(
        self, params: Iterable[Tensor], lr: float, momentum: float, weight_decay: float, nesterov: bool
    ) -> None:
        super().__init__(params, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov, fused=True)
        self.found_inf: Tensor | None = None
        self.lr_multiplier: float | Tensor = 1.0

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            buffers = [self.state.get(p, {}).get("momentum_buffer") for p in params]
            sgd(
                params,
                [p.grad for p in params],
                buffers,
                weight_decay=group["weight_decay"],
                momentum=group["momentum"],
                lr=self.lr_multiplier * group["lr"],
                dampening=group["dampening"],
                nesterov=group["nesterov"],
                maximize=False,
                fused=True,
                found_inf=self.found_inf,
            )
            if group["momentum"]:
                for p, buffer in zip(params, buffers, strict=True):  # made by the first step
                    self.state[p]["momentum_buffer"] = buffer


class Muon(torch.optim.Optimizer):
    """Momentum orthogonalized by Newton-Schulz, for filters; Nesterov SGD for every other parameter.

    Source: Keller Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), in the form of
    airbench94_muon: each filter bank is kept at a fixed norm, and its step is the nearest orthogonal matrix to the
    Nesterov momentum of its gradient.

    A tensor set as `found_inf` holds every update back where it is 1, as in PyTorch's fused optimizers. `lr_multiplier`, a number or
    a tensor on the device, is what learning rates are multiplied with at this step.

    Args:
        groups: parameter groups with "lr", "momentum", "weight_decay" and "muon" (bool).
        precision: of the Newton-Schulz iteration, which is not sensitive to rounding.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], precision: torch.dtype = torch.float32) -> None:
        self.precision = precision
        super().__init__(groups, {"momentum": 0.0, "weight_decay": 0.0, "muon": False})
        self.found_inf: Tensor | None = None
        self.lr_multiplier: float | Tensor = 1.0

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
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
                    new = _moved(p * (len(p) ** 0.5 / p.norm()), update.to(p.dtype), lr)
                else:
                    new = _moved(p, gradient, lr)
                if self.found_inf is not None:
                    new = torch.where(self.found_inf != 0, p, new)
                    momentum = torch.where(self.found_inf != 0, old, momentum)
                p.copy_(new)
                old.copy_(momentum)


def _moved(p: Tensor, update: Tensor, lr: float | Tensor) -> Tensor:
    """p - lr * update."""
    return torch.addcmul(p, update, lr, value=-1) if isinstance(lr, Tensor) else p.add(update, alpha=-lr)


def orthogonalized(matrix: Tensor, steps: int = NEWTON_SCHULZ_STEPS) -> Tensor:
    """About the nearest matrix with orthonormal rows or columns: singular values of 0.7 to 1.2.

    Args:
        matrix: float (M, N).
        steps: of the iteration.
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


def make_optimizer(config: Config, model: nn.Module, precision: torch.dtype = torch.float32) -> SGD | Muon:
    """The optimizer that `config` names, over the trainable parameters of `model`."""
    keep_compiler_out()
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer: SGD | Muon
    if config.optimizer == "sgd":
        optimizer = SGD(trainable, config.lr, config.momentum, config.weight_decay, config.nesterov)
    else:
        filters = [p for p in trainable if p.ndim == 4]
        shifts = [p for p in trainable if p.ndim == 1]
        heads = [p for p in trainable if p.ndim == 2]
        optimizer = Muon(
            [
                {"params": filters, "lr": config.lr, "momentum": MUON_MOMENTUM, "muon": True},
                *(
                    {
                        "params": params,
                        "lr": rate * config.lr * config.batch_size,
                        "momentum": SGD_MOMENTUM,
                        # As a share of the weight that each image takes away, whatever the learning rate.
                        "weight_decay": config.weight_decay / (rate * config.lr),
                    }
                    for params, rate in ((shifts, SHIFT_RATE), *(([h], HEAD_RATE / h.shape[1] ** 2) for h in heads))
                ),
            ],
            precision,
        )
    return optimizer
