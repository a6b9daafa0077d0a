"""Evaluation: loss, accuracy and confusion of a network over resident images, without augmentation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.data.preprocess import to_float
from engine.events.types import ClassCount
from engine.runtime.autotune import Tuning

BATCH = 500
"""Images a batch: large enough to be fast on a CPU, small enough that a stop is prompt."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of one pass."""

    loss: float
    """Mean cross-entropy per image, in nats."""
    confusion: Tensor
    """int64 (classes, classes) on the CPU: rows true, columns predicted."""
    probabilities: Tensor
    """float32 (N, classes) on the CPU."""
    tta_accuracy: float | None = None
    """Of the mean of each image's and its mirror image's logits, where that was asked for."""

    @property
    def accuracy(self) -> float:
        """Top-1 accuracy, a fraction of 1."""
        return int(self.confusion.trace()) / max(1, int(self.confusion.sum()))

    def per_class(self, names: tuple[str, ...]) -> tuple[ClassCount, ...]:
        """Correct and total images of each class."""
        correct, total = self.confusion.diagonal().tolist(), self.confusion.sum(1).tolist()
        return tuple(ClassCount(name=n, correct=r, total=t) for n, r, t in zip(names, correct, total, strict=True))


def evaluate(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    classes: int,
    before_batch: Callable[[int, int], None],
    tuning: Tuning,
    size: int = 0,
    mirrored: bool = False,
) -> Evaluation:
    """Run the network over all images once.

    Args:
        model: left in evaluation mode.
        images: uint8 (N, 3, 32, 32) on the model's device.
        labels: int64 (N,) on the same device.
        classes: number of classes.
        before_batch: called with (batches done, batches in all) before each batch; what it raises passes through.
        tuning: precision and layout.
        size: side that the images are scaled to first, 0 for their own.
        mirrored: show it each image's mirror image too, for `tta_accuracy`; all else stays as without.
    """
    model.eval()
    loss_sum = torch.zeros((), dtype=torch.float64, device=images.device)
    probabilities = torch.empty(len(images), classes, device=images.device)
    correct_of_both = torch.zeros((), dtype=torch.int64, device=images.device)
    batches = -(-len(images) // BATCH)
    with torch.inference_mode():
        for i in range(batches):
            before_batch(i, batches)
            part = slice(i * BATCH, (i + 1) * BATCH)
            x = to_float(images[part], tuning.layout, size)
            with tuning.autocast(x.device):
                logits = model(x).float()
                if mirrored:
                    both = logits + model(x.flip(3)).float()
                    correct_of_both += (both.argmax(1) == labels[part]).sum()
            loss_sum += F.cross_entropy(logits, labels[part], reduction="sum")
            probabilities[part] = logits.softmax(1)
        cells = torch.bincount(labels * classes + probabilities.argmax(1), minlength=classes * classes)
    count = max(1, len(images))
    return Evaluation(
        loss_sum.item() / count,
        cells.view(classes, classes).cpu(),
        probabilities.cpu(),
        int(correct_of_both) / count if mirrored else None,
    )
