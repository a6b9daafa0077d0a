"""The guard against losses that are NaN or infinite: none of them reaches the weights, and no step waits for the device."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.errors import NonFiniteLossError


class NonFiniteGuard:
    """Two flags on the device, updated by every step and read only now and then.

    Once a loss is not finite, `found_inf` stays 1 and the optimizer skips every update (it has the meaning that PyTorch's
    fused optimizers give it). So the weights are those from before that step, however late the flag is read.
    """

    def __init__(self, device: torch.device) -> None:
        self.found_inf = torch.zeros((), device=device)
        self.skipped = torch.zeros((), device=device)
        """Number of steps whose update was skipped."""

    def check(self, loss: Tensor) -> None:
        """Take note of a step's loss, a 0-d tensor without gradient."""
        self.found_inf.logical_or_(loss - loss != 0)  # 0 for every number except NaN and the infinities
        self.skipped += self.found_inf


def non_finite_loss(epoch: int, step: int, learning_rate: float) -> NonFiniteLossError:
    """The error for a loss that was not finite at `step` (from 0) of `epoch`."""
    return NonFiniteLossError(
        f"The loss became NaN or infinite in epoch {epoch}, batch {step + 1}, at learning rate {learning_rate:g}. "
        f"The weights from before that batch are untouched. Try a lower learning rate."
    )
