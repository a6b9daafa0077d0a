"""Evaluations made up for tests."""

from __future__ import annotations

import numpy as np

from engine.storage.predictions import Predictions
from tui_cifar.run.predictions import Results

NAMES = ("cat", "dog", "ship")


def random_results(count: int = 300, split: str = "test", seed: int = 3) -> Results:
    """Random predictions for random labels."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet((0.5, 0.5, 0.5), count).astype(np.float32)
    return Results(Predictions(p, rng.integers(0, 3, count), NAMES, 4, 0, "", split), None)


def results_of(rows: list[tuple[list[float], int]], split: str = "test") -> Results:
    """Given probabilities and labels."""
    probabilities, labels = np.array([r[0] for r in rows], dtype=np.float32), np.array([r[1] for r in rows])
    return Results(Predictions(probabilities, labels, NAMES, 1, 7, "", split), None)
