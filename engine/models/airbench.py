"""The fast network: eight layers in the shape of airbench94, of any width.

Source: Keller Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (2024), which descends from hlb-CIFAR10 (Balsam)
and from David Page's DAWNBench entry (2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PATCH = 2
"""Side of the patches that the first layer whitens."""
SHIFT_EPOCHS = 3
"""Epochs in which the first layer's shift is trained, as in airbench94. Later on, no gradient has to reach that layer."""


class Normalization(nn.BatchNorm2d):
    """Batch normalization with a trainable shift and no scale: the next layer's weights take care of that."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-5, momentum=0.4)
        self.weight.requires_grad = False


class Group(nn.Module):
    """Two convolutions 3x3, the first followed by a 2x2 max-pool, each by normalization and GELU."""

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
    """A convolution 3x3 that begins as the identity where it can (Zagoruyko and Komodakis, 2017)."""
    conv = nn.Conv2d(channels_in, channels, 3, padding=1, bias=False)
    with torch.no_grad():
        nn.init.dirac_(conv.weight[:channels_in])
    return conv


class AirbenchNet(nn.Module):
    """A whitening layer, three groups, a linear head.

    Takes float (N, 3, S, S) in [-1, 1] with S at least 12 and gives logits (N, classes).

    Args:
        classes: number of classes.
        width: channels of the first group; the other two have four times as many. airbench94 has 64. It may change
            later on.
    """

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.classes = classes
        self.whiten = nn.Conv2d(3, 2 * 3 * PATCH * PATCH, PATCH)
        self.whiten.weight.requires_grad = False
        nn.init.zeros_(self.whiten.bias)  # type: ignore[arg-type]
        self.set_width(width)

    def set_width(self, width: int) -> None:
        """Start over with fresh groups and a fresh head of another width.

        The parameters are new ones, with the default layout: an optimizer has to be made anew.
        """
        widths = (width, 4 * width, 4 * width)
        groups = (Group(i, o) for i, o in zip((self.whiten.out_channels, *widths), widths, strict=False))
        self.groups = nn.Sequential(*groups)
        self.head = nn.Linear(widths[-1], self.classes, bias=False)
        with torch.no_grad():
            self.head.weight.div_(self.head.weight.std() * widths[-1])
        self.to(self.whiten.weight.device).train(self.training)

    @property
    def width(self) -> int:
        """Channels of the first group."""
        return self.head.in_features // 4

    @torch.no_grad()
    def grow(self, width: int) -> None:
        """Become wider without a change of what the network computes; as `set_width` for the rest.

        New channels are those of a fresh network, and nothing listens to them yet (Chen, Goodfellow and Shlens, "Net2Net",
        2016, with zeros in place of copies).
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
        """As PyTorch has it, for weights of any width: the network takes theirs."""
        width = len(state_dict["groups.0.conv1.weight"])
        if width != self.width:
            self.set_width(width)
        return super().load_state_dict(state_dict, strict, assign)

    def begin_epoch(self, epoch: int) -> None:
        """Say which parameters are trained in an epoch, counted from 1."""
        self.whiten.bias.requires_grad = epoch <= SHIFT_EPOCHS  # type: ignore[union-attr]

    @torch.no_grad()
    def initialize(self, images: Tensor) -> None:
        """Set the first layer so that patches of these images come out uncorrelated and of one variance.

        Its filters are the principal components of 2x2 patches, each divided by its standard deviation, and their
        negatives (Page, 2018; Balsam's hlb-CIFAR10). They are not trained.

        Args:
            images: float (N, 3, S, S) in [-1, 1]; some thousands are enough.
        """
        side = 3 * PATCH * PATCH
        products, count = torch.zeros(side, side, dtype=torch.float64, device=images.device), 0
        for part in images.split(500):  # patches are four times the images, and twice that in double precision
            patches = part.unfold(2, PATCH, 1).unfold(3, PATCH, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, side).double()
            products += patches.T @ patches
            count += len(patches)
        variances, components = torch.linalg.eigh(products / count)
        filters = (components / (variances + 1e-4).sqrt()).T.reshape(-1, 3, PATCH, PATCH)
        self.whiten.weight.copy_(torch.cat([filters, -filters]))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, classes) of images (N, 3, S, S)."""
        x = self.groups(F.gelu(self.whiten(x)))
        out: Tensor = self.head(x.amax((2, 3)))
        return out
