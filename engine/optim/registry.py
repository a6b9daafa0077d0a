"""Optimizers and learning-rate schedules: an entry each, with its settings. Add one as a file here and an entry below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import ConfigError
from engine.options import Options, setting
from engine.registry import Chosen, Entry, Registry

if TYPE_CHECKING:
    import torch
    from torch import nn

    from engine.optim.protocol import Optimizer
    from engine.optim.schedule import LRSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerOptions(Options):
    """What every optimizer has."""

    lr: float = setting(0.01, "learning rate", low=0.0, high=100.0, open_low=True)

    @property
    def state_size(self) -> int:
        """How many numbers the optimizer keeps per trained parameter, such as its momentum."""
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SGDOptions(OptimizerOptions):
    momentum: float = setting(0.0, "momentum", low=0.0, high=1.0, open_high=True)
    nesterov: bool = setting(False, "Nesterov momentum")
    weight_decay: float = setting(0.0, "L2 penalty on the weights", low=0.0, high=1.0)

    @property
    def state_size(self) -> int:
        return 1 if self.momentum else 0

    def validate(self) -> None:
        if self.nesterov and not self.momentum:
            raise ConfigError("nesterov: it needs a momentum above 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MuonOptions(OptimizerOptions):
    weight_decay: float = setting(0.0, "L2 penalty on the weights", low=0.0, high=1.0)

    @property
    def state_size(self) -> int:
        return 1


OPTIMIZERS = Registry(
    "optimizer",
    Entry(
        name="sgd",
        description="stochastic gradient descent",
        factory="engine.optim.sgd:make_sgd",
        options=SGDOptions,
    ),
    Entry(
        name="muon",
        description="orthogonalized momentum for convolution filters, SGD for all other parameters",
        factory="engine.optim.muon:make_muon",
        options=MuonOptions,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEntry(Entry):
    """A learning-rate schedule."""

    planned: bool = True
    """Whether the learning rate of a step depends on the number of epochs of the run."""


SCHEDULES = Registry(
    "learning-rate schedule",
    ScheduleEntry(
        name="constant",
        description="the same learning rate throughout",
        factory="engine.optim.lr_schedule:Constant",
        planned=False,
    ),
    ScheduleEntry(
        name="linear",
        description="decays to zero over the run",
        factory="engine.optim.lr_schedule:Linear",
    ),
    ScheduleEntry(
        name="cycles",
        description="decays to zero over the first epoch, and again over all others",
        factory="engine.optim.lr_schedule:Cycles",
    ),
)


def make_optimizer(
    chosen: Chosen[OptimizerOptions], model: nn.Module, batch_size: int, precision: torch.dtype
) -> Optimizer:
    """The chosen optimizer over the trainable parameters of `model`.

    Args:
        chosen: an entry of `OPTIMIZERS` with its options.
        model: its trainable parameters at present; after a change of them, make a new optimizer.
        batch_size: images per step, for optimizers whose learning rates are stated per image.
        precision: of parts that are insensitive to rounding.
    """
    optimizer: Optimizer = chosen.make(OPTIMIZERS, model, batch_size, precision)
    return optimizer


def make_lr_schedule(chosen: Chosen[Options], epochs: int, steps: int) -> LRSchedule:
    """The chosen learning-rate schedule for a run of `epochs` epochs of `steps` steps each."""
    schedule: LRSchedule = chosen.make(SCHEDULES, epochs, steps)
    return schedule
