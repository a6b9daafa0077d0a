"""The fast network: eight layers shaped like airbench94, of any width.

Source: Keller Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (2024), which descends from hlb-CIFAR10 (Balsam)
and from David Page's DAWNBench entry (2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.models.protocol import Network

PATCH = 2
"""Side in pixels of the patches that the first layer whitens."""
BIAS_EPOCHS = 3
"""Epochs in which the first layer's bias is trained, as in airbench94. After them, no gradient has to reach that layer."""


class Normalization(nn.BatchNorm2d):
    """Batch normalization with a trainable shift but no trainable scale, which the next layer's weights make redundant."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-5, momentum=0.4)
        self.weight.requires_grad = False


class Group(nn.Module):
    """Two 3x3 convolutions, each followed by normalization and GELU; after the first, 2x2 max-pooling comes before them."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = _conv(channels_in, channels), Normalization(channels)
        self.conv2, self.norm2 = _conv(channels, channels), Normalization(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels_in, H, W) to (N, channels, H // 2, W // 2)."""
        x = F.gelu(self.norm1(F.max_pool2d(self.conv1(x), 2)))
        out: Tensor = F.gelu(self.norm2(self.conv2(x)))
        return out


def _conv(channels_in: int, channels: int) -> nn.Conv2d:
    """A 3x3 convolution initialized to the identity as far as possible (Zagoruyko and Komodakis, "DiracNets", 2017)."""
    conv = nn.Conv2d(channels_in, channels, 3, padding=1, bias=False)
    with torch.no_grad():
        nn.init.dirac_(conv.weight[:channels_in])
    return conv


class AirbenchNet(Network):
    """A whitening layer, three groups of convolutions and a linear head.

    Takes float (N, 3, S, S) in [-1, 1] with S at least 12 and returns logits (N, classes).

    Args:
        classes: number of classes.
        width: channels of the first group, 64 in airbench94; the other two groups have four times as many. `set_width`,
            `grow` and `load_state_dict` change it.
    """

    initialization_images = 5_000

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.classes = classes
        self.whiten = nn.Conv2d(3, 2 * 3 * PATCH * PATCH, PATCH)
        self.whiten.weight.requires_grad = False
        nn.init.zeros_(self.whiten.bias)  # type: ignore[arg-type]
        self.set_width(width)

    def set_width(self, width: int) -> None:
        """Replace groups and head by new ones of another width, in the default memory format."""
        widths = (width, 4 * width, 4 * width)
        groups = (Group(i, o) for i, o in zip((self.whiten.out_channels, *widths), widths, strict=False))
        self.groups = nn.Sequential(*groups)
        self.head = nn.Linear(widths[-1], self.classes, bias=False)
        with torch.no_grad():
            self.head.weight.div_(self.head.weight.std() * widths[-1])
        self.to(self.whiten.weight.device).train(self.training)

    @property
    def width(self) -> int:
        return self.head.in_features // 4

    @torch.no_grad()
    def grow(self, width: int) -> None:
        """Become wider without changing the outputs.

        New channels are initialized like those of a new network, and the weights that read them are 0 (after Chen,
        Goodfellow and Shlens, "Net2Net", 2016, with zeros instead of copies).
        """
        old = {name: tensor for name, tensor in self.state_dict().items() if not name.startswith("whiten")}
        self.set_width(width)
        for name, tensor in self.state_dict().items():
            if name in old:
                kept = tuple(slice(n) for n in old[name].shape)
                if tensor.ndim > 1:
                    tensor[kept[0]] = 0.0
                tensor[kept] = old[name]

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Load weights of any width; the network takes theirs."""
        width = len(state_dict["groups.0.conv1.weight"])
        if width != self.width:
            self.set_width(width)
        return super().load_state_dict(state_dict, strict, assign)

    def begin_epoch(self, epoch: int) -> None:
        self.whiten.bias.requires_grad = epoch <= BIAS_EPOCHS  # type: ignore[union-attr]

    @torch.no_grad()
    def initialize(self, images: Tensor) -> None:
        """Make the first layer whiten patches of these images: its outputs are uncorrelated and of equal variance.

        Its filters, which are not trained, are the principal components of 2x2 patches, each divided by its standard
        deviation, and their negatives (Page, 2018; Balsam's hlb-CIFAR10).
        """
        side = 3 * PATCH * PATCH
        products, count = torch.zeros(side, side, dtype=torch.float64, device=images.device), 0
        for part in images.split(500):  # as float64 patches, images take eight times the memory
            patches = part.unfold(2, PATCH, 1).unfold(3, PATCH, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, side).double()
            products += patches.T @ patches
            count += len(patches)
        variances, components = torch.linalg.eigh(products / count)
        filters = (components / (variances + 1e-4).sqrt()).T.reshape(-1, 3, PATCH, PATCH)
        self.whiten.weight.copy_(torch.cat([filters, -filters]))

    def forward(self, x: Tensor) -> Tensor:
        x = self.groups(F.gelu(self.whiten(x)))
        out: Tensor = self.head(x.amax((2, 3)))
        return out
