"""Predictions of the validation images, written after each epoch: what is in them, and that training never waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from engine.config.schema import Config
from engine.data.registry import load_dataset
from engine.data.split import split_indices
from engine.data.types import Report
from engine.events.commands import Stop
from engine.events.types import (
    EpochCompleted,
    Event,
    LineLogged,
    PredictionsSaved,
    RunCompleted,
    RunStarted,
    RunStopped,
    ValidationPredictionsSaved,
)
from engine.inspection.trained_model import load_trained
from engine.storage import prediction_writer as publisher_module
from engine.storage.predictions import VALIDATION_FILE, Predictions, read_predictions, write_predictions
from engine.training.control import Control
from tests.support.runs import CLASSES, Recorder, train

Quick = Callable[..., Config]


def read(r: Recorder) -> Predictions:
    return read_predictions(Path(r.of(RunStarted)[0].directory) / VALIDATION_FILE)


def validation_images(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """The validation images and labels of a run, uint8 (N, 32, 32, 3) and int64 (N,), split anew."""
    data = load_dataset(
        config.data.dataset, data_dir=Path(), cache_dir=Path(config.run.runs_dir) / ".cache", report=Report()
    ).train
    _, valid = split_indices(
        data.labels, config.data.valid_fraction, config.run.seed, stratified=config.data.stratified
    )
    return data.images[valid].permute(0, 2, 3, 1).numpy(), data.labels[valid].numpy()


@pytest.mark.parametrize("changes", [{"seed": 3}, {"stratified": True}])
def test_predictions_equal_those_of_the_loaded_network(quick: Quick, changes: dict[str, Any]) -> None:
    config = quick(epochs=1, **changes)
    r = train(config)
    saved, (images, labels) = read(r), validation_images(config)
    assert (saved.split, saved.epoch, saved.step, saved.class_names) == ("valid", 1, 0, CLASSES)
    assert saved.labels.tolist() == labels.tolist()
    assert np.array_equal(np.load(saved.images_path), images)
    by_hand = load_trained(Path(config.run.runs_dir) / "run").classify(images)
    assert np.allclose(saved.probabilities, by_hand, atol=1e-6)
    told = r.of(EpochCompleted)[0]
    assert (saved.probabilities.argmax(1) == labels).mean() == pytest.approx(told.valid_accuracy)
    loss = F.nll_loss(torch.from_numpy(saved.probabilities).log(), torch.from_numpy(labels))
    assert loss.item() == pytest.approx(told.valid_loss, rel=1e-4)


def test_events_come_after_their_epoch_and_before_the_test(quick: Quick) -> None:
    r = train(quick(epochs=3))
    told = r.of(ValidationPredictionsSaved)
    assert told[-1].epoch == 3 == read(r).epoch
    for event in told:
        assert r.events.index(event) > next(
            i for i, e in enumerate(r.events) if isinstance(e, EpochCompleted) and e.epoch == event.epoch
        )
    assert r.events.index(told[-1]) < r.events.index(r.of(PredictionsSaved)[0])


def test_a_stopped_run_leaves_its_predictions(quick: Quick) -> None:
    def act(event: Event, control: Control) -> None:
        if isinstance(event, EpochCompleted):
            control.send(Stop())

    r = train(quick(), act)
    assert isinstance(r.events[-1], RunStopped) and read(r).epoch == 1


def test_at_most_so_many_images_are_written(quick: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "MAX_SAVED_VALIDATION", 7)
    config = quick(epochs=1)
    saved, (images, labels) = read(train(config)), validation_images(config)
    assert saved.probabilities.shape == (7, 3) and saved.labels.tolist() == labels[:7].tolist()
    assert np.array_equal(np.load(saved.images_path), images[:7])


def test_a_disk_that_hangs_does_not_hold_up_the_training(quick: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    on, written = threading.Event(), []

    def slow(path: Path, predictions: Predictions) -> None:
        if path.name == VALIDATION_FILE:
            assert on.wait(60)
            written.append(predictions.epoch)
        write_predictions(path, predictions)

    def act(event: Event, control: Control) -> None:
        if isinstance(event, EpochCompleted) and event.epoch == 4:
            on.set()

    monkeypatch.setattr(publisher_module, "write_predictions", slow)
    r = train(quick(epochs=4), act)
    assert isinstance(r.events[-1], RunCompleted)
    assert written[0] == 1 and written[-1] == 4 and 2 not in written, "of those that wait, the newest"


def test_a_disk_that_refuses_them_is_reported_once(quick: Quick, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, predictions: Predictions) -> None:
        if path.name == VALIDATION_FILE:
            raise OSError(28, "No space left on device")
        write_predictions(path, predictions)

    monkeypatch.setattr(publisher_module, "write_predictions", refuse)
    r = train(quick(epochs=3))
    assert isinstance(r.events[-1], RunCompleted) and not r.of(ValidationPredictionsSaved)
    lines = [e.text for e in r.of(LineLogged) if VALIDATION_FILE in e.text]
    assert lines == ["validation.npz: not written: No space left on device"]
