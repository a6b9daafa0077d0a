"""Writes the class probabilities of test and validation images to the run directory, for display only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.config.schema import Config
from engine.data.resident import ResidentData
from engine.data.types import LabeledImages
from engine.events.types import Event, LineLogged, PredictionsSaved, ValidationPredictionsSaved
from engine.storage.predictions import FILE, VALIDATION_FILE, Predictions, cache_images, write_predictions

MAX_SAVED_VALIDATION = 10_000
"""Validation images whose predictions are written; of more, these are a random sample, because the split is shuffled."""


class PredictionWriter:
    """Writes `predictions.npz` and `validation.npz`, each of which the next evaluation replaces.

    Args:
        directory: of the run.
        config: folder of all runs, and how the validation images were chosen.
        data: on the training device.
        emit: receives an event once a file is written.
    """

    def __init__(self, directory: Path, config: Config, data: ResidentData, emit: Callable[[Event], None]) -> None:
        self._directory, self._data, self._emit = directory, data, emit
        self._cache = Path(config.run.runs_dir) / ".cache"
        seed, fraction = config.run.seed, config.data.valid_fraction
        chosen = f"{seed}-{fraction:g}{'-stratified' if config.data.stratified else ''}"
        self._cache_names = {"test": "test", "valid": f"valid-{chosen}"}
        """Names for the images of each split, with everything that determines which images those are."""
        self._images_paths: dict[str, str] = {}
        """Where the images of each split are cached; "" if the disk refused them, to be tried again."""
        self._lock = threading.Lock()
        self._pending: tuple[np.ndarray, int] | None = None
        self._thread: threading.Thread | None = None
        self._refused = False

    def write_test(self, probabilities: np.ndarray, accuracy: float, epoch: int, step: int = 0) -> None:
        """Write the predictions for the test images, in the calling thread.

        Args:
            probabilities: float32 (N, classes).
            accuracy: for the event.
            epoch, step: of the weights; step 0 stands for the end of the epoch.
        """
        self.close()  # events of earlier evaluations come first
        predictions = self._predictions("test", self._data.test, probabilities, epoch, step)
        path = self._directory / FILE
        try:
            write_predictions(path, predictions)
        except OSError as e:
            self._log(f"{FILE}: not written: {e.strerror or e}")
        else:
            self._emit(PredictionsSaved(path=str(path), epoch=epoch, step=step, accuracy=accuracy))

    def write_validation(self, probabilities: np.ndarray, epoch: int) -> None:
        """Write the predictions for the validation images at the end of `epoch`, in a thread: training does not wait.

        If the disk is slow, the newest evaluation replaces the one that is pending.

        Args:
            probabilities: float32 (N, classes).
            epoch: of the weights.
        """
        if len(probabilities) > MAX_SAVED_VALIDATION:
            probabilities = probabilities[:MAX_SAVED_VALIDATION].copy()  # the whole array can be freed
        with self._lock:
            self._pending = probabilities, epoch
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="validation-writer", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Wait until everything handed over was written or refused."""
        if (thread := self._thread) is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                job, self._pending = self._pending, None
                if job is None:
                    self._thread = None
                    return
            try:
                self._write_validation(*job)
            except Exception as e:  # only for display: the run continues without them
                self._report_refusal(f"{type(e).__name__}: {e}")

    def _write_validation(self, probabilities: np.ndarray, epoch: int) -> None:
        path = self._directory / VALIDATION_FILE
        try:
            write_predictions(path, self._predictions("valid", self._data.valid, probabilities, epoch, 0))
        except OSError as e:
            self._report_refusal(e.strerror or str(e))
        else:
            self._refused = False
            self._emit(ValidationPredictionsSaved(path=str(path), epoch=epoch))

    def _predictions(
        self, split: str, data: LabeledImages, probabilities: np.ndarray, epoch: int, step: int
    ) -> Predictions:
        """Predictions for the first images of a split, as many as there are probabilities."""
        count = len(probabilities)
        if not self._images_paths.get(split):
            images = data.images[:count].cpu().numpy().transpose(0, 2, 3, 1)
            name, fingerprint = self._cache_names[split], self._data.fingerprint
            self._images_paths[split] = cache_images(self._cache, fingerprint, images, name)
        labels, names = data.labels[:count].cpu().numpy(), self._data.class_names
        return Predictions(probabilities, labels, names, epoch, step, self._images_paths[split], split)

    def _report_refusal(self, reason: str) -> None:
        """Log it once, until writing works again."""
        if not self._refused:
            self._log(f"{VALIDATION_FILE}: not written: {reason}")
        self._refused = True

    def _log(self, text: str) -> None:
        self._emit(LineLogged(source="engine", text=text))
