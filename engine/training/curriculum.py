"""The curriculum: image size, network width and augmentation by position in the run, and the cost of each step."""

from __future__ import annotations

from engine.optim.schedule import LRSchedule

FIRST_SIZES, SIZES = (16, 20), (24, 32)
"""Image sides in pixels under progressive resizing (Howard's DAWNBench entry, 2018): in a first cycle of one epoch, and in
any other cycle. Small images come first, at a fraction of the cost."""
FIRST_WIDTH = 2 / 3
"""Fraction of the full network width used in a first cycle of one epoch, which is too short to fill a wider network."""
WIDTH_EXPONENT = 4 / 3
"""The time of a step grows with this power of the network's width. The number of weights grows with the square, but narrow
layers use a processor less well: on two cores, 2/3 of the width takes 0.57 to 0.59 of the time at 16 and 20 pixels."""
COST_SAMPLES = 8
"""Steps per epoch at which `epoch_cost` looks."""


class Curriculum:
    """What the network is shown, and how wide it is, at each step of a run: a function of position alone.

    Args:
        schedule: the learning-rate schedule, whose cycles the curriculum follows.
        progressive: train the first half of each cycle on smaller images (see `SIZES`), and in a first cycle of one
            epoch on even smaller ones and with a narrower network.
        full_width: final channels of the network's first group; 0 for a network whose width is fixed.
    """

    def __init__(self, schedule: LRSchedule, progressive: bool, full_width: int = 0) -> None:
        self.schedule, self.progressive, self.full_width = schedule, progressive, full_width

    def size(self, epoch: int, step: int) -> int:
        """Side of the images in pixels at step `step` (from 0) of `epoch`. An epoch is validated at its last step's size."""
        if not self.progressive:
            return SIZES[-1]
        small, large = FIRST_SIZES if self._warms_up(epoch) else SIZES
        return small if self.schedule.progress(epoch, step) < 0.5 else large

    def width(self, epoch: int) -> int:
        """Channels of the network's first group in an epoch: the full width, or a multiple of 8."""
        if not (self.progressive and self._warms_up(epoch)):
            return self.full_width
        return min(self.full_width, max(1, round(FIRST_WIDTH * self.full_width / 8)) * 8)

    def augmented(self, epoch: int) -> bool:
        """Whether the images of an epoch are augmented: not in a first cycle of one epoch, which sees each image once."""
        return not self._warms_up(epoch)

    def cost(self, epoch: int, step: int) -> float:
        """Relative time of a step, where 1 is a step on full-size images at full width."""
        width = self.width(epoch) / self.full_width if self.full_width else 1.0
        return (self.size(epoch, step) / SIZES[-1]) ** 2 * float(width**WIDTH_EXPONENT)

    def epoch_cost(self, epoch: int) -> float:
        """Relative time to train an epoch, where 1 is an epoch on full-size images at full width."""
        n, steps = COST_SAMPLES, self.schedule.steps
        return sum(self.cost(epoch, (2 * i + 1) * steps // (2 * n)) for i in range(n)) / n

    def _warms_up(self, epoch: int) -> bool:
        """Whether the epoch belongs to a first cycle that others follow."""
        return len(self.schedule.cycles) > 1 and self.schedule.cycle(epoch).number == 1
