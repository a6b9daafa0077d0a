"""One evaluation of the test or the validation images, opened from a run directory, with what follows from it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from engine.storage.predictions import Predictions, read_predictions


class Results:
    """The predictions for every image of a split.

    Args:
        predictions: as `engine.storage.predictions` reads them.
        images: uint8 (N, 32, 32, 3), or None if they are no longer on this disk.
    """

    def __init__(self, predictions: Predictions, images: np.ndarray | None) -> None:
        self.probabilities, self.labels = predictions.probabilities, predictions.labels
        self.class_names, self.epoch, self.step = predictions.class_names, predictions.epoch, predictions.step
        self.split = predictions.split
        """ "test" or "valid"."""
        self.images = images
        self.predicted: np.ndarray = self.probabilities.argmax(1)
        """int64 (N,)."""
        self.correct: np.ndarray = self.predicted == self.labels
        """bool (N,)."""

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def confidence(self) -> np.ndarray:
        """float32 (N,): the probability of the predicted class."""
        confidence: np.ndarray = self.probabilities[np.arange(len(self)), self.predicted]
        return confidence

    @cached_property
    def loss(self) -> np.ndarray:
        """float (N,): cross-entropy of the true class, in nats."""
        of_true: np.ndarray = np.maximum(self.probabilities[np.arange(len(self)), self.labels], 1e-12)
        loss: np.ndarray = -np.log(of_true)
        return loss

    @cached_property
    def margin(self) -> np.ndarray:
        """float (N,): the probability of the most likely class minus that of the second."""
        top = np.partition(self.probabilities, -2, axis=1)[:, -2:]
        return top[:, 1] - top[:, 0]

    @cached_property
    def confusion(self) -> np.ndarray:
        """int64 (classes, classes): rows true, columns predicted."""
        n = len(self.class_names)
        cells: np.ndarray = np.bincount(self.labels * n + self.predicted, minlength=n * n)
        return cells.reshape(n, n)

    @property
    def weights(self) -> str:
        """Which weights made the predictions: "epoch 18" or "epoch 3, batch 120"."""
        return weights_of(self.epoch, self.step)


def open_results(path: Path) -> Results:
    """Read `predictions.npz` or `validation.npz`, and the images from where it says or from the cache beside the run.

    Raises:
        engine.errors.DataError: the file is missing, damaged, or of another kind.
    """
    predictions = read_predictions(path)
    recorded = Path(predictions.images_path)
    if predictions.images_path:
        for place in (recorded, path.resolve().parent.parent / ".cache" / recorded.name):
            try:
                images = np.load(place, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError):
                continue
            if images.ndim == 4 and len(images) == len(predictions.labels):
                return Results(predictions, images)
    return Results(predictions, None)


def weights_of(epoch: int, step: int) -> str:
    """Which weights: "epoch 18", "epoch 3, batch 120", "before training"."""
    if epoch < 1:
        return "before training"
    return f"epoch {epoch}" + (f", batch {step}" if step else "")
