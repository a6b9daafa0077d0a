"""Stochastic gradient descent: PyTorch's own updates, without importing its compiler."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim.sgd import sgd

from engine.runtime.torch_private import keep_compiler_out


class SGD(torch.optim.SGD):
    """`torch.optim.SGD` with its fused kernel, as `engine.optim.protocol.Optimizer` describes.

    PyTorch's own `step` imports its compiler at the first call, which takes about a second.

    Args:
        params: parameters to train.
        lr: learning rate, before `lr_multiplier`.
        momentum: 0 for none.
        weight_decay: L2 penalty.
        nesterov: use Nesterov momentum.
    """

    def __init__(
        self, params: Iterable[Tensor], lr: float, momentum: float, weight_decay: float, nesterov: bool
    ) -> None:
        super().__init__(params, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov, fused=True)
        self.found_inf: Tensor | None = None
        self.lr_multiplier: float | Tensor = 1.0

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
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
                for p, buffer in zip(params, buffers, strict=True):  # created by the first step
                    self.state[p]["momentum_buffer"] = buffer


def make_sgd(
    model: nn.Module,
    batch_size: int,
    precision: torch.dtype,
    *,
    lr: float,
    momentum: float,
    nesterov: bool,
    weight_decay: float,
) -> SGD:
    """SGD over the trainable parameters of `model`."""
    keep_compiler_out()
    trainable = [p for p in model.parameters() if p.requires_grad]
    return SGD(trainable, lr, momentum, weight_decay, nesterov)
