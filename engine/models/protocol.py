"""What a network may need of its training beyond forward passes, with a default for each need.

Any `nn.Module` can be trained. One that needs more derives from `Network` and overrides what it needs; the training loop
asks `network_protocol(model)` and never which network it is.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """Base class of networks that need more than forward passes. Every default does nothing."""

    initialization_images: int = 0
    """How many training images `initialize` needs to see; 0 if it needs none and is not to be called."""

    def initialize(self, images: Tensor) -> None:
        """Prepare the weights of a new network for the data, before the first step.

        Args:
            images: float32 (N, 3, S, S) in [-1, 1] on the network's device, N at most `initialization_images`.
        """

    def random_generator(self, device: torch.device) -> torch.Generator | None:
        """The generator, on `device`, that random layers draw from in training; None without random layers.

        It is seeded before every step as a function of (seed, epoch, step), so that a resumed run draws the same numbers.
        The layers of a plain `nn.Module` draw from PyTorch's own generator, whose state is not restored.
        """
        return None

    def begin_epoch(self, epoch: int) -> None:
        """Choose which parameters are trained in `epoch` (from 1), by setting `requires_grad`."""

    @property
    def width(self) -> int:
        """Channels of the first group of layers; 0 for a network that has only one width."""
        return 0

    def set_width(self, width: int) -> None:
        """Replace the layers by new ones of another width. Parameters are new objects: the optimizer has to be new too."""
        raise NotImplementedError

    def grow(self, width: int) -> None:
        """Become wider without changing the outputs. Parameters are new objects: the optimizer has to be new too."""
        raise NotImplementedError


_DEFAULTS = Network()


def network_protocol(model: nn.Module) -> Network:
    """The network itself if it is a `Network`; for any other module, the defaults."""
    return model if isinstance(model, Network) else _DEFAULTS
