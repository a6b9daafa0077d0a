"""What the training loop needs of an optimizer."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor


class Optimizer(Protocol):
    """A `torch.optim.Optimizer` whose steps never wait for the device."""

    found_inf: Tensor | None
    """A scalar on the device: where it is 1, a step changes neither weights nor state, as with PyTorch's fused optimizers."""
    lr_multiplier: float | Tensor
    """What the learning rates are multiplied by at the next step: a number, or a scalar on the device."""
    param_groups: list[dict[str, Any]]
    state: Any

    def zero_grad(self) -> None: ...

    def step(self) -> None: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None: ...
