"""Classification metrics of a confusion matrix: recall, precision, F1, and the pairs of classes that are confused most."""

from __future__ import annotations

import numpy as np


def recall(confusion: np.ndarray) -> np.ndarray:
    """float (classes,): the share of each true class that is predicted correctly; NaN for classes without images.

    Args:
        confusion: int (classes, classes), rows true, columns predicted.
    """
    return _share(confusion.diagonal(), confusion.sum(1))


def precision(confusion: np.ndarray) -> np.ndarray:
    """float (classes,): the share of correct predictions of each class; NaN for classes that are never predicted."""
    return _share(confusion.diagonal(), confusion.sum(0))


def f1(confusion: np.ndarray) -> np.ndarray:
    """float (classes,): harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); NaN where both are."""
    return _share(2 * confusion.diagonal(), confusion.sum(0) + confusion.sum(1))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        share: np.ndarray = np.where(whole > 0, part / whole, np.nan)
    return share


def confused_pairs(confusion: np.ndarray, most: int = 5) -> list[tuple[int, int, int, int]]:
    """The pairs of classes that are confused most, in either direction.

    Returns:
        At most `most` tuples (a, b, images of a predicted as b, images of b predicted as a), the more frequent direction
        first.
    """
    n = len(confusion)
    pairs = []
    for i in range(n):
        for j in range(i + 1, n):
            there, back = int(confusion[i, j]), int(confusion[j, i])
            if there + back:
                pairs.append((i, j, there, back) if there >= back else (j, i, back, there))
    return sorted(pairs, key=lambda p: (-(p[2] + p[3]), p[:2]))[:most]


def pair_sentence(pair: tuple[int, int, int, int], names: tuple[str, ...]) -> str:
    """ "cat predicted as dog: 112, dog as cat: 96"."""
    a, b, there, back = pair
    return f"{names[a]} predicted as {names[b]}: {there:,}, {names[b]} as {names[a]}: {back:,}"
