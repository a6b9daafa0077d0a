"""Running a network only to look at it: evaluation mode, and hooks on its leaf modules; no layer is known by name.

Nothing here changes the network: its mode (training or evaluation) is restored, and no random number is drawn from
PyTorch's own generators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """The network in evaluation mode: BatchNorm's running means stay as they are, dropout draws nothing."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def leaf_hooks(model: nn.Module, hook: Callable[[str, nn.Module, Tensor, Tensor], Tensor | None]) -> Iterator[None]:
    """Call `hook(name, module, input, output)` for each module without children, in the order in which they run.

    A tensor that the hook returns replaces the module's output.
    """
    with ExitStack() as handles:
        for name, module in model.named_modules():
            if next(module.children(), None) is not None:
                continue

            def call(m: nn.Module, given: Any, output: Any, name: str = name) -> Tensor | None:
                if isinstance(output, Tensor) and given and isinstance(given[0], Tensor):
                    return hook(name, m, given[0], output)
                return None

            handles.callback(module.register_forward_hook(call).remove)
        yield


def zeros_like_weights(model: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """Zeros of `shape`, of the dtype of the network's weights and on their device."""
    weight = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(()))
    return torch.zeros(shape, device=weight.device, dtype=weight.dtype)
