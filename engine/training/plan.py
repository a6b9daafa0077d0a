"""The plan of a run: what is scheduled for every step, as a function of its position alone."""

from __future__ import annotations

import math

from engine.config.schema import Config
from engine.optim.registry import make_lr_schedule
from engine.training.curriculum import Curriculum


class Plan:
    """Number of steps, learning rate, image size and network width.

    Epochs count from 1, steps within an epoch from 0.

    Args:
        config: the hyperparameters.
        images: number of training images.
        full_width: final width of the network; 0 for a network that has only one.
    """

    def __init__(self, config: Config, images: int, full_width: int) -> None:
        self.epochs, self.batch_size, self.images = config.run.epochs, config.run.batch_size, images
        self.steps = math.ceil(images / self.batch_size)
        """Steps per epoch; the last one may have a smaller batch."""
        self.schedule = make_lr_schedule(config.schedule, self.epochs, self.steps)
        self.curriculum = Curriculum(self.schedule, config.run.progressive, full_width)
        self._base_lr = config.optimizer.options.lr

    def learning_rate(self, epoch: int, step: int = 0) -> float:
        """The learning rate of a step."""
        return self._base_lr * self.schedule.multiplier(epoch, step)

    def final_size(self, epoch: int) -> int:
        """Side in pixels of the last images of an epoch, and of those that it is validated on."""
        return self.curriculum.size(epoch, self.steps - 1)
