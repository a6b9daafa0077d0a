"""Metrics of a confusion matrix against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.results import NAMES, results_of
from tui_cifar.run.class_order import class_order
from tui_cifar.run.metrics import confused_pairs, f1, pair_sentence, precision, recall


def test_metrics_against_counts_by_hand() -> None:
    r = results_of(
        [([1, 0, 0], 0), ([0, 1, 0], 0), ([0, 1, 0], 0), ([0, 1, 0], 1), ([1, 0, 0], 1), ([0, 0, 1], 2), ([1, 0, 0], 2)]
    )
    assert r.confusion.tolist() == [[1, 2, 0], [1, 1, 0], [1, 0, 1]]
    assert recall(r.confusion).tolist() == pytest.approx([1 / 3, 1 / 2, 1 / 2])
    assert precision(r.confusion).tolist() == pytest.approx([1 / 3, 1 / 3, 1])
    assert f1(r.confusion).tolist() == pytest.approx([2 / 6, 2 / 5, 2 / 3])
    pairs = confused_pairs(r.confusion)
    assert pairs == [(0, 1, 2, 1), (2, 0, 1, 0)]
    assert pair_sentence(pairs[0], NAMES) == "cat predicted as dog: 2, dog as cat: 1"


def test_a_class_without_images_has_no_share() -> None:
    empty = np.array([[2, 0], [0, 0]])
    assert np.isnan(recall(empty)[1]) and np.isnan(precision(empty)[1]) and np.isnan(f1(empty)[1])
    assert confused_pairs(empty) == []


def test_classes_are_sorted_by_accuracy_and_ties_stay_in_class_order() -> None:
    accuracies = [0.5, 0.9, 0.5, 0.1]
    assert class_order(accuracies, "class order") == [0, 1, 2, 3]
    assert class_order(accuracies, "best first") == [1, 0, 2, 3]
    assert class_order(accuracies, "worst first") == [3, 0, 2, 1]
