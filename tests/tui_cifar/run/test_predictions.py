"""Filters, orders and the matrix, against plain numpy and counts made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DataError
from engine.storage.predictions import FILE, Predictions, cache_images, write_predictions
from tui_cifar.run.predictions import (
    LEAST_SURE,
    MOST_CONFIDENTLY_WRONG,
    Results,
    Selection,
    confused_pairs,
    cycled,
    f1,
    open_results,
    pair_sentence,
    precision,
    recall,
    select,
    with_outcome,
)

NAMES = ("cat", "dog", "ship")


def make_results(count: int = 300) -> Results:
    rng = np.random.default_rng(3)
    p = rng.dirichlet((0.5, 0.5, 0.5), count).astype(np.float32)
    return Results(Predictions(p, rng.integers(0, 3, count), NAMES, 4, 0, ""), None)


def by_hand(rows: list[tuple[list[float], int]]) -> Results:
    return Results(
        Predictions(np.array([r[0] for r in rows], dtype=np.float32), np.array([r[1] for r in rows]), NAMES, 1, 7, ""),
        None,
    )


def test_what_is_derived_from_probabilities() -> None:
    r = by_hand([([0.7, 0.2, 0.1], 0), ([0.3, 0.6, 0.1], 0)])
    assert r.predicted.tolist() == [0, 1] and r.correct.tolist() == [True, False]
    assert r.confidence.tolist() == pytest.approx([0.7, 0.6])
    assert r.loss.tolist() == pytest.approx([-np.log(0.7), -np.log(0.3)])
    assert r.margin.tolist() == pytest.approx([0.5, 0.3])
    assert r.weights == "epoch 1, batch 7"


@pytest.mark.parametrize("outcome", ["all", "misclassified", "correct"])
@pytest.mark.parametrize("true", [None, 1])
@pytest.mark.parametrize("predicted", [None, 1, 2])
def test_filters_combine(outcome: str, true: int | None, predicted: int | None) -> None:
    r = make_results()
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
    r = make_results()
    key = {
        "number": np.arange(len(r)),
        "confidence": -r.probabilities.max(1),
        "loss": np.log(r.probabilities[np.arange(len(r)), r.labels]),
        "margin": np.sort(r.probabilities, 1)[:, -1] - np.sort(r.probabilities, 1)[:, -2],
    }[order]
    wanted = sorted(range(len(r)), key=lambda i: (-key[i] if reverse else key[i], i))
    assert select(r, Selection(order=order, reverse=reverse)).tolist() == wanted


def test_presets() -> None:
    r = by_hand([([0.9, 0.1, 0.0], 1), ([0.6, 0.4, 0.0], 1), ([0.5, 0.5, 0.0], 0), ([0.95, 0.05, 0.0], 0)])
    assert select(r, MOST_CONFIDENTLY_WRONG).tolist() == [0, 1]
    assert select(r, LEAST_SURE).tolist() == [2, 1, 0, 3]


def test_a_selection_in_words() -> None:
    assert Selection().words(NAMES) == "all · by number"
    s = Selection("misclassified", 0, 1, "confidence")
    assert s.words(NAMES) == "misclassified only · true cat · predicted dog · most confident first"
    assert with_outcome(s, "correct").true == 0


def test_cycling_through_classes() -> None:
    assert [cycled(c, 1, 3) for c in (None, 0, 2)] == [0, 1, None]
    assert cycled(None, -1, 3) == 2


def test_the_matrix_counted_by_hand() -> None:
    r = by_hand(
        [([1, 0, 0], 0), ([0, 1, 0], 0), ([0, 1, 0], 0), ([0, 1, 0], 1), ([1, 0, 0], 1), ([0, 0, 1], 2), ([1, 0, 0], 2)]
    )
    assert r.confusion.tolist() == [[1, 2, 0], [1, 1, 0], [1, 0, 1]]
    assert recall(r.confusion).tolist() == pytest.approx([1 / 3, 1 / 2, 1 / 2])
    assert precision(r.confusion).tolist() == pytest.approx([1 / 3, 1 / 3, 1])
    assert f1(r.confusion).tolist() == pytest.approx([2 / 6, 2 / 5, 2 / 3])
    pairs = confused_pairs(r.confusion)
    assert pairs == [(0, 1, 2, 1), (2, 0, 1, 0)]
    assert pair_sentence(pairs[0], NAMES) == "cat taken for dog: 2, dog for cat: 1"


def test_a_class_without_images_has_no_share() -> None:
    empty = np.array([[2, 0], [0, 0]])
    assert np.isnan(recall(empty)[1]) and np.isnan(precision(empty)[1]) and np.isnan(f1(empty)[1])
    assert confused_pairs(empty) == []


def written(folder: Path) -> Path:
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    images_path = cache_images(folder / ".cache", "f" * 30, images)
    (folder / "run").mkdir()
    p = np.full((5, 3), 1 / 3, dtype=np.float32)
    write_predictions(folder / "run" / FILE, Predictions(p, np.zeros(5, np.int64), NAMES, 2, 0, images_path))
    return folder / "run" / FILE


def test_opening_what_a_run_left(tmp_path: Path) -> None:
    results = open_results(written(tmp_path))
    assert len(results) == 5 and results.images is not None and results.images.shape == (5, 32, 32, 3)


def test_a_run_that_was_moved_finds_its_images_beside_it(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    written(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    assert open_results(tmp_path / "new" / "run" / FILE).images is not None


def test_predictions_without_their_images(tmp_path: Path) -> None:
    path = written(tmp_path)
    for file in (tmp_path / ".cache").iterdir():
        file.unlink()
    assert open_results(path).images is None


def test_a_file_of_an_older_program_is_of_the_test_images(tmp_path: Path) -> None:
    path = written(tmp_path)
    with np.load(path) as raw:
        older = {name: raw[name] for name in raw if name != "split"}
    np.savez_compressed(path, **older)
    assert open_results(path).split == "test" and len(open_results(path)) == 5


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match="no predictions that can be read"):
        open_results(path)
