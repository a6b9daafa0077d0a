"""Networks: an entry each, with its settings and what it is capable of. Add one as a file here and an entry below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.options import Options, setting
from engine.registry import Chosen, Entry, Registry

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry(Entry):
    """A network. Its factory takes the number of classes and the options, and returns a `torch.nn.Module`.

    The module takes images, float (N, 3, 32, 32) in [-1, 1], and returns logits (N, classes).
    """

    any_image_size: bool = False
    """Whether it also takes smaller square images, as progressive resizing needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TutorialOptions(Options):
    dropout: float = setting(
        0.25, "fraction of activations dropped before each linear layer", low=0.0, high=1.0, open_high=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AirbenchOptions(Options):
    width: int = setting(32, "channels of the network's first group", low=4, high=1024, resume="fixed")


MODELS = Registry(
    "network",
    ModelEntry(
        name="tutorial",
        description="three convolutions and two linear layers, as in the PyTorch tutorial",
        factory="engine.models.tutorial:TutorialNet",
        options=TutorialOptions,
    ),
    ModelEntry(
        name="airbench",
        description="eight layers with batch normalization, as in airbench94, of any width",
        factory="engine.models.airbench:AirbenchNet",
        options=AirbenchOptions,
        any_image_size=True,
    ),
)


def make_model(chosen: Chosen[Options], classes: int, seed: int) -> nn.Module:
    """A new network on the CPU.

    Args:
        chosen: an entry of `MODELS` with its options.
        classes: number of classes, the width of the last layer.
        seed: determines the initial weights, whatever was drawn before.
    """
    from engine.runtime.rng import seeded_default_generator

    with seeded_default_generator(seed):
        model: nn.Module = chosen.make(MODELS, classes)
    return model
