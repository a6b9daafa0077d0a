"""What changes over a run by plan: the learning rate and the size of the pictures, as functions of the position alone."""

from __future__ import annotations

from dataclasses import dataclass

GROWTH = 4
"""How many times longer each cycle is than the one before."""
DECAY = 0.5
"""What the learning rate at the start of a cycle is of the one before: longer cycles need less."""
SIZES = (16, 24, 32)
"""Picture sides of progressive resizing (Howard's DAWNBench entry, 2018): small ones first, at a fraction of the cost."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Epochs `first` to `last` of a run, both counted from 1 and included; `number` counts from 1."""

    number: int
    first: int
    last: int


def cycles(epochs: int, kind: str) -> list[Cycle]:
    """The cycles over which the learning rate falls: one, or with "cycles" one of 1 epoch, one of 4, one of 16, …

    The last cycle takes all epochs that are left once the one after it would not get half of its length.
    """
    found: list[Cycle] = []
    start, length = 1, 1 if kind == "cycles" else epochs
    while start <= epochs:
        left = epochs - start + 1
        if left - length < length * GROWTH / 2:
            length = left
        found.append(Cycle(len(found) + 1, start, start + length - 1))
        start, length = start + length, length * GROWTH
    return found


class Schedule:
    """Learning rate and picture size of every step.

    "constant" keeps the learning rate; "linear" lets it fall in a straight line to zero at the end of the run; "cycles"
    does so again and again, in cycles that grow (Loshchilov and Hutter, 2017, with a line for the cosine): at the end of
    each there is a network worth using, the first after one epoch.

    Args:
        kind: "constant", "linear" or "cycles".
        epochs: of the run.
        steps: batches an epoch.
        progressive: train the first half of each cycle on smaller pictures: 16, then 24 pixels in the first cycle,
            24, then 32 in later ones, and in the only one of "linear".
    """

    def __init__(self, kind: str, epochs: int, steps: int, progressive: bool) -> None:
        self.kind, self.epochs, self.steps, self.progressive = kind, epochs, steps, progressive
        self._cycles = cycles(epochs, kind)

    def cycle(self, epoch: int) -> Cycle:
        """The cycle that an epoch belongs to."""
        return next(c for c in self._cycles if c.first <= epoch <= c.last)

    def progress(self, epoch: int, step: int) -> float:
        """How much of its cycle is done before step `step` (from 0) of `epoch`: 0 to below 1."""
        c = self.cycle(epoch)
        return ((epoch - c.first) * self.steps + step) / ((c.last - c.first + 1) * self.steps)

    def factor(self, epoch: int, step: int) -> float:
        """What the recipe's learning rates are multiplied with at step `step` (from 0) of `epoch`."""
        if self.kind == "constant":
            return 1.0
        return DECAY ** (self.cycle(epoch).number - 1) * (1.0 - self.progress(epoch, step))

    def cost(self, epoch: int) -> float:
        """What training an epoch takes, with 1 for an epoch of full-size pictures: time goes by the number of pixels."""
        parts = 8
        sizes = [self.size(epoch, (2 * i + 1) * self.steps // (2 * parts)) for i in range(parts)]
        return sum(s * s for s in sizes) / (parts * SIZES[-1] ** 2)

    def size(self, epoch: int, step: int) -> int:
        """Side of the pictures in pixels at step `step` (from 0) of `epoch`, and, at its last step, of its validation."""
        if not self.progressive:
            return SIZES[-1]
        early = self.kind == "cycles" and len(self._cycles) > 1 and self.cycle(epoch).number == 1
        small, large = SIZES[:2] if early else SIZES[1:]
        return small if self.progress(epoch, step) < 0.5 else large
