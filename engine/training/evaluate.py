"""Evaluation: loss, accuracy and confusion of a network over resident images, without augmentation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.data.preprocess import to_float
from engine.data.types import LabeledImages
from engine.events.types import ClassCount
from engine.runtime.autotune import Tuning

BATCH_SIZE = 500
"""Large enough to be fast on a CPU, small enough for a prompt stop."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of one pass over a set of images."""

    loss: float
    """Mean cross-entropy per image, in nats."""
    confusion: Tensor
    """int64 (classes, classes) on the CPU: rows true, columns predicted."""
    probabilities: Tensor
    """float32 (N, classes) on the CPU."""
    tta_accuracy: float | None = None
    """Top-1 accuracy with the logits of each image and its mirror image averaged (test-time augmentation), if asked for."""

    @property
    def accuracy(self) -> float:
        """Top-1 accuracy, from 0 to 1."""
        return int(self.confusion.trace()) / max(1, int(self.confusion.sum()))

    def per_class(self, names: tuple[str, ...]) -> tuple[ClassCount, ...]:
        """Number of images of each class, and how many of them were classified correctly."""
        correct, total = self.confusion.diagonal().tolist(), self.confusion.sum(1).tolist()
        return tuple(ClassCount(name=n, correct=c, total=t) for n, c, t in zip(names, correct, total, strict=True))


def evaluate(
    model: nn.Module,
    data: LabeledImages,
    classes: int,
    tuning: Tuning,
    *,
    size: int = 0,
    mirrored: bool = False,
    before_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Run the network over all images once.

    Args:
        model: left in evaluation mode.
        data: on the model's device.
        classes: number of classes.
        tuning: precision and memory format.
        size: side in pixels that the images are scaled to first; 0 for their own.
        mirrored: also classify each image's mirror image, for `tta_accuracy`. Every other result stays the same.
        before_batch: called with the numbers of batches done and in total; what it raises is passed on.
    """
    images, labels = data.images, data.labels
    model.eval()
    loss_sum = torch.zeros((), dtype=torch.float64, device=images.device)
    probabilities = torch.empty(len(images), classes, device=images.device)
    correct_mirrored = torch.zeros((), dtype=torch.int64, device=images.device)
    batches = -(-len(images) // BATCH_SIZE)
    with torch.inference_mode():
        for i in range(batches):
            before_batch(i, batches)
            part = slice(i * BATCH_SIZE, (i + 1) * BATCH_SIZE)
            x = to_float(images[part], tuning.layout, size)
            with tuning.autocast(x.device):
                logits = model(x).float()
                if mirrored:
                    both = logits + model(x.flip(3)).float()
                    correct_mirrored += (both.argmax(1) == labels[part]).sum()
            loss_sum += F.cross_entropy(logits, labels[part], reduction="sum")
            probabilities[part] = logits.softmax(1)
        cells = torch.bincount(labels * classes + probabilities.argmax(1), minlength=classes * classes)
    count = max(1, len(images))
    return Evaluation(
        loss_sum.item() / count,
        cells.view(classes, classes).cpu(),
        probabilities.cpu(),
        int(correct_mirrored) / count if mirrored else None,
    )
