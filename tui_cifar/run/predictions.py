"""What the network made of the test or validation images, in numbers, and which of them are shown in which order. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from engine.storage.predictions import Predictions, read_predictions
from tui_cifar.render.text.text import weights_of

ORDERS = {
    "number": ("by number", "last number first"),
    "confidence": ("most confident first", "least confident first"),
    "loss": ("highest loss first", "lowest loss first"),
    "margin": ("closest call first", "clearest first"),
}
"""Each order's name in words, as it is and reversed."""
SETS = {"test": "Test", "valid": "Validation"}
OUTCOMES = {"all": "all", "misclassified": "misclassified only", "correct": "correct only"}


class Results:
    """One evaluation of the test or the validation images, with what is derived from it.

    Args:
        predictions: as `engine.storage.predictions` reads them.
        images: uint8 (N, 32, 32, 3), or None where they are not on this disk any more.
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
        """float (N,): by how much the first guess leads the second."""
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
        """Whose predictions these are: "epoch 18" or "epoch 3, batch 120"."""
        return weights_of(self.epoch, self.step)


def open_results(path: Path) -> Results:
    """Read `predictions.npz` or `validation.npz`; the images are looked up where it says, or in the cache beside the run.

    Raises:
        engine.errors.DataError: the file is missing, damaged, or of another kind.
    """
    predictions = read_predictions(path)
    told = Path(predictions.images_path)
    if predictions.images_path:
        for place in (told, path.resolve().parent.parent / ".cache" / told.name):
            try:
                images = np.load(place, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError):
                continue
            if images.ndim == 4 and len(images) == len(predictions.labels):
                return Results(predictions, images)
    return Results(predictions, None)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which images, in which order."""

    outcome: str = "all"
    """A key of `OUTCOMES`."""
    true: int | None = None
    predicted: int | None = None
    order: str = "number"
    """A key of `ORDERS`."""
    reverse: bool = False

    def words(self, names: tuple[str, ...]) -> str:
        """ "misclassified only · true cat · most confident first"."""
        parts = [OUTCOMES[self.outcome]]
        if self.true is not None:
            parts.append(f"true {names[self.true]}")
        if self.predicted is not None:
            parts.append(f"predicted {names[self.predicted]}")
        return " · ".join([*parts, ORDERS[self.order][self.reverse]])


MOST_CONFIDENTLY_WRONG = Selection("misclassified", order="confidence")
LEAST_SURE = Selection("all", order="margin")


def select(results: Results, selection: Selection) -> np.ndarray:
    """int64 (K,): the numbers of the images that the selection shows, in its order; equal ones by number."""
    keep = np.ones(len(results), dtype=bool)
    if selection.outcome != "all":
        keep &= results.correct == (selection.outcome == "correct")
    if selection.true is not None:
        keep &= results.labels == selection.true
    if selection.predicted is not None:
        keep &= results.predicted == selection.predicted
    numbers = np.flatnonzero(keep)
    if selection.order == "number":
        return numbers[::-1] if selection.reverse else numbers
    key = getattr(results, selection.order)[numbers]
    largest_first = (selection.order != "margin") != selection.reverse
    ordered: np.ndarray = numbers[np.argsort(-key if largest_first else key, kind="stable")]
    return ordered


def cycled(current: int | None, step: int, count: int) -> int | None:
    """The next of None, 0, 1, … count - 1, and round again."""
    at = (0 if current is None else current + 1) + step
    at %= count + 1
    return None if at == 0 else at - 1


def with_class(selection: Selection, which: str, label: int | None) -> Selection:
    """The same with another true or predicted class, as `which` says; None for any."""
    return replace(selection, true=label) if which == "true" else replace(selection, predicted=label)


def with_outcome(selection: Selection, outcome: str) -> Selection:
    """The same classes and order, other outcome."""
    return replace(selection, outcome=outcome)


# -- the matrix -----------------------------------------------------------------------------------------------------------


def recall(confusion: np.ndarray) -> np.ndarray:
    """float (classes,): of each true class the share found; NaN where there are none."""
    return _share(confusion.diagonal(), confusion.sum(1))


def precision(confusion: np.ndarray) -> np.ndarray:
    """float (classes,): of what was taken for each class the share that is; NaN where nothing was."""
    return _share(confusion.diagonal(), confusion.sum(0))


def f1(confusion: np.ndarray) -> np.ndarray:
    """float (classes,): harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); NaN where there is neither."""
    return _share(2 * confusion.diagonal(), confusion.sum(0) + confusion.sum(1))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        share: np.ndarray = np.where(whole > 0, part / whole, np.nan)
    return share


def confused_pairs(confusion: np.ndarray, most: int = 5) -> list[tuple[int, int, int, int]]:
    """The pairs of classes taken most for each other: (a, b, a taken for b, b taken for a), the busier direction first."""
    n = len(confusion)
    pairs = []
    for i in range(n):
        for j in range(i + 1, n):
            there, back = int(confusion[i, j]), int(confusion[j, i])
            if there + back:
                pairs.append((i, j, there, back) if there >= back else (j, i, back, there))
    return sorted(pairs, key=lambda p: (-(p[2] + p[3]), p[:2]))[:most]


def pair_sentence(pair: tuple[int, int, int, int], names: tuple[str, ...]) -> str:
    """ "cat taken for dog: 112, dog for cat: 96"."""
    a, b, there, back = pair
    return f"{names[a]} taken for {names[b]}: {there:,}, {names[b]} for {names[a]}: {back:,}"
