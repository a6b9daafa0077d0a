"""Filters and orders against plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.results import NAMES, random_results, results_of
from tui_cifar.run.selection import LEAST_CERTAIN, MOST_CONFIDENTLY_WRONG, Selection, select


@pytest.mark.parametrize("outcome", ["all", "misclassified", "correct"])
@pytest.mark.parametrize("true", [None, 1])
@pytest.mark.parametrize("predicted", [None, 1, 2])
def test_filters_combine(outcome: str, true: int | None, predicted: int | None) -> None:
    r = random_results()
    wanted = [
        i
        for i in range(len(r))
        if (outcome == "all" or (r.predicted[i] == r.labels[i]) == (outcome == "correct"))
        and (true is None or r.labels[i] == true)
        and (predicted is None or r.predicted[i] == predicted)
    ]
    assert select(r, Selection(outcome, true, predicted)).tolist() == wanted


@pytest.mark.parametrize("order", ["number", "confidence", "loss", "margin"])
@pytest.mark.parametrize("reverse", [False, True])
def test_orders(order: str, reverse: bool) -> None:
    r = random_results()
    key = {
        "number": np.arange(len(r)),
        "confidence": -r.probabilities.max(1),
        "loss": np.log(r.probabilities[np.arange(len(r)), r.labels]),
        "margin": np.sort(r.probabilities, 1)[:, -1] - np.sort(r.probabilities, 1)[:, -2],
    }[order]
    wanted = sorted(range(len(r)), key=lambda i: (-key[i] if reverse else key[i], i))
    assert select(r, Selection(order=order, reverse=reverse)).tolist() == wanted


def test_presets() -> None:
    r = results_of([([0.9, 0.1, 0.0], 1), ([0.6, 0.4, 0.0], 1), ([0.5, 0.5, 0.0], 0), ([0.95, 0.05, 0.0], 0)])
    assert select(r, MOST_CONFIDENTLY_WRONG).tolist() == [0, 1]
    assert select(r, LEAST_CERTAIN).tolist() == [2, 1, 0, 3]


def test_a_selection_in_words() -> None:
    assert Selection().describe(NAMES) == "all · by number"
    s = Selection("misclassified", 0, 1, "confidence")
    assert s.describe(NAMES) == "misclassified only · true cat · predicted dog · most confident first"
    assert s.unfiltered == Selection(order="confidence")
    assert s.with_class("true", None).true is None and s.with_class("predicted", 2).predicted == 2
