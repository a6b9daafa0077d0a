"""A trained network, loaded from its run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.config.schema import Config
from engine.errors import CheckpointError
from engine.inspection.trained_model import load_trained
from engine.storage.checkpoint import serialize
from engine.storage.predictions import FILE, read_predictions
from tests.support.runs import train


def test_the_best_weights_are_loaded(quick: Callable[..., Config]) -> None:
    config = quick(epochs=1)
    train(config)
    run = Path(config.run.runs_dir) / "run"
    saved = read_predictions(run / FILE)
    images = np.load(saved.images_path)
    trained = load_trained(run)
    assert trained.class_names == saved.class_names and trained.epoch == 1
    assert trained.classify(images) == pytest.approx(saved.probabilities, abs=1e-5)


def test_a_run_without_weights_is_an_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(CheckpointError, match=r"no checkpoints/best\.pt yet"):
        load_trained(tmp_path)
    (tmp_path / "checkpoints" / "best.pt").write_bytes(serialize({"config": {}, "class_names": ["a"]}))
    with pytest.raises(CheckpointError, match="its network can't be rebuilt"):
        load_trained(tmp_path)
