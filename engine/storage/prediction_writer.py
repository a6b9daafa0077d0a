"""Evaluations for the eye: written to the run directory as predictions, and told of. No choice of training depends on them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.events.types import Event, LineLogged, PredictionsSaved, ValidationPredictionsSaved
from engine.storage.predictions import FILE, VALIDATION_FILE, Predictions, cache_images, write_predictions

if TYPE_CHECKING:
    from engine.config.schema import Config
    from engine.data.resident import ResidentData
    from engine.data.types import LabeledImages
    from engine.training.evaluate import Evaluation

MAX_SAVED_VALIDATION = 10_000
"""Validation images whose predictions are written at most: of more of them, these tell the same. They are in random order."""


class PredictionWriter:
    """Writes evaluations of test and validation images, each kind to a file of its own that the next one replaces.

    Args:
        directory: of the run.
        config: where images are kept, and how the split was drawn.
        data: resident on the training device.
        emit: receives the events, those of validations from a thread of the publisher's own.
    """

    def __init__(self, directory: Path, config: Config, data: ResidentData, emit: Callable[[Event], None]) -> None:
        self._directory, self._config, self._data, self._emit = directory, config, data, emit
        self._lock = threading.Lock()
        self._waiting: tuple[np.ndarray, int] | None = None
        self._thread: threading.Thread | None = None
        self._refused = False
        drawn = f"{config.seed}-{config.valid_fraction:g}{'-stratified' if config.stratified else ''}"
        self._names = {"test": "test", "valid": f"valid-{drawn}"}
        """What the images of each split are kept under: all that decides which images are in it."""
        self._kept: dict[str, str] = {}
        """Where the images of each split lie; "" where the disk refused them, and they are tried again."""

    def test(self, result: Evaluation, epoch: int, step: int) -> None:
        """Write an evaluation of the test images, in the calling thread.

        Args:
            epoch, step: of the weights; step 0 is the epoch's end.
        """
        self.close()  # what came before is told of before
        predictions = self._predictions("test", self._data.test, result.probabilities.numpy(), epoch, step)
        path = self._directory / FILE
        try:
            write_predictions(path, predictions)
        except OSError as e:
            self._log(f"{FILE}: not written: {e.strerror or e}")
        else:
            self._emit(PredictionsSaved(path=str(path), epoch=epoch, step=step, accuracy=result.accuracy))

    def validation(self, result: Evaluation, epoch: int) -> None:
        """Write an evaluation of the validation images at the end of `epoch`, in a thread: training does not wait.

        Of several that wait for a slow disk, only the newest is written.
        """
        probabilities = result.probabilities.numpy()
        if len(probabilities) > MAX_SAVED_VALIDATION:
            probabilities = probabilities[:MAX_SAVED_VALIDATION].copy()  # the others can go
        with self._lock:
            self._waiting = probabilities, epoch
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="validation-writer", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Wait until everything handed over is written or refused."""
        if (thread := self._thread) is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                job, self._waiting = self._waiting, None
                if job is None:
                    self._thread = None
                    return
            try:
                self._write_validation(*job)
            except Exception as e:  # they are only looked at: the run goes on without them
                self._refuse(f"{type(e).__name__}: {e}")

    def _write_validation(self, probabilities: np.ndarray, epoch: int) -> None:
        path = self._directory / VALIDATION_FILE
        try:
            write_predictions(path, self._predictions("valid", self._data.valid, probabilities, epoch, 0))
        except OSError as e:
            self._refuse(e.strerror or str(e))
        else:
            self._refused = False
            self._emit(ValidationPredictionsSaved(path=str(path), epoch=epoch))

    def _predictions(
        self, split: str, labeled: LabeledImages, probabilities: np.ndarray, epoch: int, step: int
    ) -> Predictions:
        """With the first images of "test" or "valid", as many as there are probabilities, kept beside the runs."""
        count, data = len(probabilities), self._data
        if not self._kept.get(split):
            images = labeled.images[:count].cpu().numpy().transpose(0, 2, 3, 1)
            cache = Path(self._config.runs_dir) / ".cache"
            self._kept[split] = cache_images(cache, data.fingerprint, images, self._names[split])
        labels = labeled.labels[:count].cpu().numpy()
        return Predictions(probabilities, labels, data.class_names, epoch, step, self._kept[split], split)

    def _refuse(self, why: str) -> None:
        """Say so once, until one is written again."""
        if not self._refused:
            self._log(f"{VALIDATION_FILE}: not written: {why}")
        self._refused = True

    def _log(self, text: str) -> None:
        self._emit(LineLogged(source="engine", text=text))
