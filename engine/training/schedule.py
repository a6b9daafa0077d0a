"""What changes over a run by plan: the learning rate, the size of the images and the width of the network.

All are functions of the position alone.
"""

from __future__ import annotations

from dataclasses import dataclass

DECAY = 1 / 3
"""What the learning rate at the start of the second cycle is of that of the first: a longer cycle needs less."""
FIRST_SIZES, SIZES = (16, 20), (24, 32)
"""Image sides of progressive resizing (Howard's DAWNBench entry, 2018) in a first cycle of one epoch and in any other:
small ones first, at a fraction of the cost."""
FIRST_WIDTH = 2 / 3
"""What the network's width in a first cycle of one epoch is of its full width: it has no time to fill a wider one."""

COST_OF_WIDTH = 4 / 3
"""The power of its width that a network's time goes by. Weights go by the second power, but small layers keep a processor less
busy: on two cores, two thirds of the width take 0.57 and 0.59 of the time at 16 and 20 pixels."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Epochs `first` to `last` of a run, both counted from 1 and included; `number` counts from 1."""

    number: int
    first: int
    last: int


def cycles(epochs: int, kind: str) -> list[Cycle]:
    """The cycles over which the learning rate falls: one, or with "cycles" the first epoch and all the others."""
    if kind != "cycles" or epochs < 3:
        return [Cycle(1, 1, epochs)]
    return [Cycle(1, 1, 1), Cycle(2, 2, epochs)]


class Schedule:
    """Learning rate and image size of every step.

    "constant" keeps the learning rate; "linear" lets it fall in a straight line to zero at the end of the run; "cycles"
    does so twice, with a warm restart (Loshchilov and Hutter, 2017, with a line for the cosine): over the first epoch, so
    that there is a network worth using at once, and over the others.

    Args:
        kind: "constant", "linear" or "cycles".
        epochs: of the run.
        steps: batches an epoch.
        progressive: train the first half of each cycle on smaller images: 24, then 32 pixels, and 16, then 20 in a
            first cycle of one epoch, in which the network is narrower too.
        full_width: channels of the network's first group once it is of full width; 0 for a network that has one width.
    """

    def __init__(self, kind: str, epochs: int, steps: int, progressive: bool, full_width: int = 0) -> None:
        self.kind, self.epochs, self.steps, self.progressive = kind, epochs, steps, progressive
        self.full_width = full_width
        self._cycles = cycles(epochs, kind)

    def cycle(self, epoch: int) -> Cycle:
        """The cycle that an epoch belongs to."""
        return next(c for c in self._cycles if c.first <= epoch <= c.last)

    def progress(self, epoch: int, step: int) -> float:
        """How much of its cycle is done before step `step` (from 0) of `epoch`: 0 to below 1."""
        c = self.cycle(epoch)
        return ((epoch - c.first) * self.steps + step) / ((c.last - c.first + 1) * self.steps)

    def lr_multiplier(self, epoch: int, step: int) -> float:
        """What the recipe's learning rates are multiplied with at step `step` (from 0) of `epoch`."""
        if self.kind == "constant":
            return 1.0
        return DECAY ** (self.cycle(epoch).number - 1) * (1.0 - self.progress(epoch, step))

    def cost(self, epoch: int, step: int) -> float:
        """What a step takes, with 1 for a step of full-size images and full width: time goes by pixels and width."""
        width = self.width(epoch) / self.full_width if self.full_width else 1.0
        return (self.size(epoch, step) / SIZES[-1]) ** 2 * float(width**COST_OF_WIDTH)

    def epoch_cost(self, epoch: int) -> float:
        """What training an epoch takes, with 1 for an epoch of full-size images and full width."""
        parts = 8
        return sum(self.cost(epoch, (2 * i + 1) * self.steps // (2 * parts)) for i in range(parts)) / parts

    def augmented(self, epoch: int) -> bool:
        """Whether the images of an epoch are augmented: in a first cycle of one epoch each is seen once, as it is."""
        return not self._first_of_two(epoch)

    def _first_of_two(self, epoch: int) -> bool:
        return len(self._cycles) > 1 and self.cycle(epoch).number == 1

    def size(self, epoch: int, step: int) -> int:
        """Side of the images in pixels at step `step` (from 0) of `epoch`, and, at its last step, of its validation."""
        if not self.progressive:
            return SIZES[-1]
        small, large = FIRST_SIZES if self._first_of_two(epoch) else SIZES
        return small if self.progress(epoch, step) < 0.5 else large

    def width(self, epoch: int) -> int:
        """Channels of the network's first group in an epoch: a multiple of 8 where it is not full."""
        if not (self.progressive and self._first_of_two(epoch)):
            return self.full_width
        return min(self.full_width, max(1, round(FIRST_WIDTH * self.full_width / 8)) * 8)
