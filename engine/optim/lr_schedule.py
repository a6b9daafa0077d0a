"""Learning-rate schedules: what the learning rate is multiplied by at each step of a run, a function of position alone."""

from __future__ import annotations

from engine.optim.schedule import Cycle, LRSchedule

RESTART = 1 / 3
"""Multiplier at the start of the second cycle of `Cycles`: a longer cycle needs a lower learning rate."""


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
