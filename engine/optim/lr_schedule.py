"""Learning-rate schedules: what the learning rate is multiplied by at each step of a run, a function of position alone."""

from __future__ import annotations

from dataclasses import dataclass

RESTART = 1 / 3
"""Multiplier at the start of the second cycle of `Cycles`: a longer cycle needs a lower learning rate."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Epochs `first` to `last` of a run, counted from 1, both included; `number` counts from 1."""

    number: int
    first: int
    last: int


class LRSchedule:
    """A run divided into cycles, over each of which the learning rate falls.

    Args:
        epochs: epochs of the run.
        steps: steps per epoch.
    """

    def __init__(self, epochs: int, steps: int) -> None:
        self.epochs, self.steps = epochs, steps
        self.cycles = self._divide()

    def _divide(self) -> tuple[Cycle, ...]:
        """The cycles, which cover every epoch once; one for the whole run unless a schedule says otherwise."""
        return (Cycle(1, 1, self.epochs),)

    def cycle(self, epoch: int) -> Cycle:
        """The cycle that an epoch belongs to."""
        return next(c for c in self.cycles if c.first <= epoch <= c.last)

    def progress(self, epoch: int, step: int) -> float:
        """Fraction of its cycle completed before step `step` (from 0) of `epoch`: at least 0 and below 1."""
        c = self.cycle(epoch)
        return ((epoch - c.first) * self.steps + step) / ((c.last - c.first + 1) * self.steps)

    def multiplier(self, epoch: int, step: int) -> float:
        """What the configured learning rate is multiplied by at step `step` (from 0) of `epoch`."""
        raise NotImplementedError


class Constant(LRSchedule):
    """The same learning rate throughout."""

    def multiplier(self, epoch: int, step: int) -> float:
        return 1.0


class Linear(LRSchedule):
    """Linear decay to zero over the run."""

    def multiplier(self, epoch: int, step: int) -> float:
        return 1.0 - self.progress(epoch, step)


class Cycles(LRSchedule):
    """Linear decay to zero over the first epoch, so that there is a usable network early, and again over all others.

    Warm restarts after Loshchilov and Hutter ("SGDR", 2017), with linear instead of cosine decay. A run of one or two
    epochs has a single cycle.
    """

    def _divide(self) -> tuple[Cycle, ...]:
        return super()._divide() if self.epochs < 3 else (Cycle(1, 1, 1), Cycle(2, 2, self.epochs))

    def multiplier(self, epoch: int, step: int) -> float:
        return RESTART ** (self.cycle(epoch).number - 1) * (1.0 - self.progress(epoch, step))


SCHEDULES: dict[str, type[LRSchedule]] = {"constant": Constant, "linear": Linear, "cycles": Cycles}


def make_lr_schedule(name: str, epochs: int, steps: int) -> LRSchedule:
    """The named schedule for a run of `epochs` epochs of `steps` steps each."""
    return SCHEDULES[name](epochs, steps)
