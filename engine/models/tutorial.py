"""The tutorial's network, and the number of parameters of any."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.models.layers import Linear


class TutorialNet(nn.Module):
    """The tutorial's network: three 3x3 convolutions (3, 16, 32, 64 channels), each ReLU and 2x2 max-pool, two linear layers.

    Takes float (N, 3, 32, 32) in [-1, 1] and gives logits (N, classes). Where the tutorial applies ReLU and then the pool,
    this pools first: the larger of four numbers cut at zero is the same either way, outputs and gradients alike, and ReLU
    then has a quarter of the work.
    """

    def __init__(self, classes: int, dropout: float = 0.25) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.fc1 = Linear(64 * 4 * 4, 500)
        self.fc2 = Linear(500, classes)
        self.dropout = dropout
        self.draws: torch.Generator | None = None
        """Decides what dropout drops, on the network's device; PyTorch's own where it is None."""

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, classes) of images (N, 3, 32, 32)."""
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        x = F.relu(F.max_pool2d(self.conv3(x), 2))
        x = drop(x.flatten(1), self.dropout, self.training, self.draws)
        x = drop(F.relu(self.fc1(x)), self.dropout, self.training, self.draws)
        out: Tensor = self.fc2(x)
        return out


def drop(x: Tensor, p: float, training: bool, draws: torch.Generator | None = None) -> Tensor:
    """Dropout: the same distribution as `F.dropout`'s, from a generator of the caller's, and in less time on a CPU.

    There, drawing a random number for each activation costs more than all else that dropout does. Where `p` is a whole
    number of 256ths, as 0.25 is, a byte decides exactly, and one draw of 64 bits serves eight activations.

    Args:
        x: float, any shape.
        p: fraction of `x` set to 0, 0 to below 1; what is left is divided by 1 - p.
        training: otherwise `x` is returned as it is.
        draws: on the device of `x`; PyTorch's own where it is None.
    """
    if not training:
        return x
    kept, bound = torch.empty_like(x.detach()), p * 256
    if x.device.type == "cpu" and bound == int(bound):
        bits = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None, generator=draws)
        torch.ge(bits.view(torch.uint8)[: x.numel()].view(x.shape), int(bound), out=kept)
    else:
        kept.bernoulli_(1 - p, generator=draws)
    return x * kept.mul_(1 / (1 - p))


def count_parameters(model: nn.Module) -> int:
    """Number of trainable numbers."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
