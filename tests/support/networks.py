"""Small networks for tests."""

from __future__ import annotations

import torch
from torch import nn


def normalized_net() -> nn.Module:
    """Convolutions with bias, groups and padding, pooling, batch normalization, dropout and a linear layer."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 2, bias=True),
        nn.GELU(),
        nn.Conv2d(8, 16, 3, padding="same", bias=False, groups=2),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(16),
        nn.GELU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(16, 10, bias=False),
    )
