"""The network of the PyTorch tutorial, with dropout that can be repeated."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.models.layers import Linear
from engine.models.protocol import Network


class TutorialNet(Network):
    """Three 3x3 convolutions (3 → 16 → 32 → 64 channels), each followed by 2x2 max-pooling and ReLU, and two linear layers.

    Takes float (N, 3, 32, 32) in [-1, 1] and returns logits (N, classes). The tutorial applies ReLU before pooling. The
    two commute, in outputs and gradients alike, and after pooling ReLU has a quarter of the work.

    Args:
        classes: number of classes.
        dropout: fraction of activations dropped before each linear layer, 0 to below 1.
    """

    def __init__(self, classes: int, dropout: float = 0.25) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.fc1 = Linear(64 * 4 * 4, 500)
        self.fc2 = Linear(500, classes)
        self.dropout = dropout
        self.generator: torch.Generator | None = None
        """What dropout draws from, on the network's device; None for PyTorch's own generator."""

    def random_generator(self, device: torch.device) -> torch.Generator:
        self.generator = torch.Generator(device=device)
        return self.generator

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        x = F.relu(F.max_pool2d(self.conv3(x), 2))
        x = drop(x.flatten(1), self.dropout, self.training, self.generator)
        x = drop(F.relu(self.fc1(x)), self.dropout, self.training, self.generator)
        out: Tensor = self.fc2(x)
        return out


def drop(x: Tensor, p: float, training: bool, generator: torch.Generator | None = None) -> Tensor:
    """Dropout with the distribution of `F.dropout`, from a given generator, and faster on a CPU.

    On a CPU, drawing a random number per activation costs more than the rest of dropout. If `p` is a multiple of 1/256, as
    0.25 is, one byte decides exactly, and one draw of 64 bits serves eight activations.

    Args:
        x: float, any shape.
        p: fraction of `x` set to 0, 0 to below 1; the rest is divided by 1 - p.
        training: if False, `x` is returned unchanged.
        generator: on the device of `x`; None for PyTorch's own.
    """
    if not training:
        return x
    mask, bound = torch.empty_like(x.detach()), p * 256
    if x.device.type == "cpu" and bound == int(bound):
        bits = torch.empty(-(-x.numel() // 8), dtype=torch.int64).random_(-(2**63), None, generator=generator)
        torch.ge(bits.view(torch.uint8)[: x.numel()].view(x.shape), int(bound), out=mask)
    else:
        mask.bernoulli_(1 - p, generator=generator)
    return x * mask.mul_(1 / (1 - p))
