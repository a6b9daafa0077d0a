"""The layers of a network: a table of them, the number of parameters, and the filters of the first convolution."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from engine.events.types import LayerDescribed
from engine.models.probing import evaluation_mode, leaf_hooks, zeros_like_weights


def count_parameters(model: nn.Module) -> int:
    """Number of trainable parameters, element by element."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def layer_table(model: nn.Module, shape: tuple[int, int, int] = (3, 32, 32)) -> tuple[LayerDescribed, ...]:
    """Every layer in the order in which they run, with output shape, parameters, and multiply-adds for one image.

    Only the products of convolutions and linear layers are counted: bias, normalization and pooling cost next to nothing
    in comparison.

    Args:
        model: takes float (1, *shape). A layer that runs twice is listed twice, its parameters counted once.
    """
    layers: list[LayerDescribed] = []
    seen: set[int] = set()

    def note(name: str, module: nn.Module, given: Tensor, output: Tensor) -> None:
        parameters = 0 if id(module) in seen else sum(p.numel() for p in module.parameters(recurse=False))
        seen.add(id(module))
        layers.append(
            LayerDescribed(
                name=name or type(module).__name__,
                kind=_kind(module),
                output=tuple(output.shape[1:]),
                parameters=parameters,
                multiply_adds=_multiply_adds(module, output),
            )
        )

    with torch.no_grad(), evaluation_mode(model), leaf_hooks(model, note):
        model(zeros_like_weights(model, (1, *shape)))
    return tuple(layers)


def _kind(module: nn.Module) -> str:
    """ "Conv2d 3x3, 3 > 16", "Linear, 1024 > 500", or the class alone."""
    name = type(module).__name__
    if isinstance(module, nn.Conv2d):
        h, w = module.kernel_size
        stride = f" /{module.stride[0]}" if module.stride[0] != 1 else ""
        return f"{name} {h}×{w}{stride}, {module.in_channels} → {module.out_channels}"
    if isinstance(module, nn.Linear):
        return f"{name}, {module.in_features:,} → {module.out_features:,}"
    if isinstance(module, (nn.MaxPool2d, nn.AvgPool2d)):
        size = module.kernel_size
        h, w = size if isinstance(size, tuple) else (size, size)
        return f"{name} {h}×{w}"
    return name


def _multiply_adds(module: nn.Module, output: Tensor) -> int:
    if isinstance(module, nn.Conv2d):
        h, w = module.kernel_size
        return output[0].numel() * (module.in_channels // module.groups) * h * w
    if isinstance(module, nn.Linear):
        return output[0].numel() * module.in_features
    return 0


def first_filters(model: nn.Module) -> np.ndarray:
    """float32 (n, h, w, 3): the filters of the first convolution; (0, 1, 1, 3) where there is none over three channels."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            if module.in_channels // module.groups != 3:
                break
            filters: np.ndarray = module.weight.detach().float().cpu().permute(0, 2, 3, 1).contiguous().numpy().copy()
            return filters
    return np.zeros((0, 1, 1, 3), dtype=np.float32)
