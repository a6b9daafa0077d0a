"""A linear layer that trains faster on a CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from engine.runtime.torch_private import has_onednn_linear, onednn_linear


class Linear(nn.Linear):
    """`nn.Linear`; on a CPU its three products in float32 come from oneDNN, as the convolutions do, and not from the BLAS.

    The same numbers but for rounding. For some twenty images at once the products take half to two thirds of the time,
    for hundreds four fifths (on an AMD EPYC with AVX-512, where PyTorch's BLAS is MKL).
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, out_features) of (N, in_features)."""
        plain = (
            not self.training or x.device.type != "cpu" or x.dtype != torch.float32 or torch.is_autocast_enabled("cpu")
        )
        if plain or self.bias is None or not has_onednn_linear():
            return super().forward(x)
        out: Tensor = _OneDNN.apply(x, self.weight, self.bias)
        return out


class _OneDNN(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return onednn_linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        to_x = onednn_linear(gradient, weight.T) if ctx.needs_input_grad[0] else None
        return to_x, onednn_linear(gradient.T, x.T), gradient.sum(0)
