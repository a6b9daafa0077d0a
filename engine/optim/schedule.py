"""The base of learning-rate schedules: a run divided into cycles."""

from __future__ import annotations

from dataclasses import dataclass


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
