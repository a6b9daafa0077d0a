"""Evaluations opened from a run directory, and what follows from their probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import DataError
from engine.storage.predictions import FILE, Predictions, cache_images, write_predictions
from tests.support.results import NAMES, results_of
from tui_cifar.run.predictions import open_results


def test_what_is_derived_from_probabilities() -> None:
    r = results_of([([0.7, 0.2, 0.1], 0), ([0.3, 0.6, 0.1], 0)])
    assert r.predicted.tolist() == [0, 1] and r.correct.tolist() == [True, False]
    assert r.confidence.tolist() == pytest.approx([0.7, 0.6])
    assert r.loss.tolist() == pytest.approx([-np.log(0.7), -np.log(0.3)])
    assert r.margin.tolist() == pytest.approx([0.5, 0.3])
    assert r.weights == "epoch 1, batch 7"


def written(folder: Path) -> Path:
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    images_path = cache_images(folder / ".cache", "f" * 30, images)
    (folder / "run").mkdir()
    p = np.full((5, 3), 1 / 3, dtype=np.float32)
    write_predictions(folder / "run" / FILE, Predictions(p, np.zeros(5, np.int64), NAMES, 2, 0, images_path))
    return folder / "run" / FILE


def test_opening_the_predictions_of_a_run(tmp_path: Path) -> None:
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


def test_files_of_older_versions_are_of_the_test_images(tmp_path: Path) -> None:
    path = written(tmp_path)
    with np.load(path) as raw:
        older = {name: raw[name] for name in raw if name != "split"}
    np.savez_compressed(path, **older)
    assert open_results(path).split == "test" and len(open_results(path)) == 5


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match="no predictions that can be read"):
        open_results(path)
