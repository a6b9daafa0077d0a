"""Trains the run that the screenshots show, and records it; no part of the test suite, and takes some minutes.

    python -m tests.screenshots.record IMAGES

Only what the screens show is kept, rounded: the events up to the middle of an epoch, the probabilities of the validation images,
and what the network makes of one of them. The images are not kept. The clock is the processor's, so that it does not matter
what else the machine was doing.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from engine.config.sources import make_config
from engine.events.codec import to_json
from engine.events.commands import InspectImage, Stop
from engine.events.types import (
    BatchCompleted,
    EpochCompleted,
    EpochStarted,
    Event,
    LossSampled,
    RunStarted,
    ValidationStarted,
)
from engine.inspection.trained_model import load_trained
from engine.inspection.types import ImageInspected
from engine.session.session import run
from engine.storage.predictions import VALIDATION_FILE, read_predictions
from engine.training.control import Control
from tests.screenshots.recorded_run import FOLDER, RUN

LAST_EPOCH, LAST_PART = 9, 0.6
"""Where the recording ends."""
INSPECTED = 19
"""The validation image to ask about."""
LEFT_OUT = {"config", "data", "versions", "resumed_from"}


class Recorder:
    """Keeps the events of a run, and stops it in the middle of an epoch."""

    def __init__(self, control: Control) -> None:
        self.events: list[Event] = []
        self._control = control
        self._zero = time.time() - time.process_time()
        self._epoch_at = self._trained_at = 0.0

    def __call__(self, event: Event) -> None:
        now = time.process_time()
        if event.live or self._control.stopping:
            return
        match event:
            case EpochStarted():
                self._epoch_at = now
            case ValidationStarted():
                self._trained_at = now
            case EpochCompleted():
                seconds, trained = now - self._epoch_at, self._trained_at - self._epoch_at
                event = dataclasses.replace(event, seconds=seconds, images_per_second=40_000 / trained)
        self.events.append(dataclasses.replace(event, time=self._zero + now))
        if isinstance(event, LossSampled) and event.epoch == LAST_EPOCH and event.step >= LAST_PART * event.steps:
            self.events.append(self._progress(event, now - self._epoch_at))
            self._control.send(Stop(save=False))

    def _progress(self, sample: LossSampled, seconds: float) -> BatchCompleted:
        """How far the run is after a sample of the loss, `seconds` into its epoch."""
        last = next(e for e in reversed(self.events) if isinstance(e, EpochCompleted))
        started = next(e for e in self.events if isinstance(e, RunStarted))
        done = sample.step / sample.steps
        return BatchCompleted(
            phase="training",
            epoch=sample.epoch,
            step=sample.step,
            steps=sample.steps,
            images_per_second=40_000 * done / seconds,
            seconds_left=last.seconds * (started.epochs - sample.epoch + 1 - done),
        )


def main(images: str) -> None:
    """Train on a folder of all images of CIFAR-10, and write the files in `recorded/`."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "runs" / RUN.name
        settings = {"dataset": images, "device": "cpu", "threads": 1, "save_every": 10_000.0}
        control = Control()
        recorder = Recorder(control)
        run(make_config({**settings, "runs_dir": str(directory.parent), "name": directory.name}), control, recorder)
        FOLDER.mkdir(exist_ok=True)
        lines = "\n".join(_shortened(event) for event in recorder.events)
        (FOLDER / "events.jsonl").write_text(lines.replace(str(directory), str(RUN)) + "\n", encoding="utf-8")
        _keep_predictions(directory)


def _keep_predictions(run: Path) -> None:
    saved = read_predictions(run / VALIDATION_FILE)
    np.savez_compressed(FOLDER / "validation.npz", probabilities=_thousandths(saved.probabilities), epoch=saved.epoch)
    image = np.load(saved.images_path)[INSPECTED]
    answer = load_trained(run).answer(InspectImage.of_pixels("", image))
    assert isinstance(answer, ImageInspected), answer
    inspection = answer.inspection
    np.savez_compressed(
        FOLDER / "inspection.npz",
        number=INSPECTED,
        probabilities=_thousandths(inspection.probabilities),
        cams=(inspection.cams * 255).round().astype(np.uint8),
        cam_classes=inspection.cam_classes,
        epoch=inspection.epoch,
    )


def _shortened(event: Event) -> str:
    kept = {key: _rounded(value) for key, value in json.loads(to_json(event)).items() if key not in LEFT_OUT}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    return [_rounded(v) for v in value] if isinstance(value, list) else value


def _thousandths(probabilities: np.ndarray) -> np.ndarray:
    """Rounded, with the likeliest class of each row still the likeliest."""
    rounded = (np.atleast_2d(probabilities) * 1000).round().astype(np.uint16)
    likeliest = np.atleast_2d(probabilities).argmax(1)
    rounded[np.arange(len(rounded)), likeliest] += rounded.argmax(1) != likeliest
    return rounded.reshape(probabilities.shape)


if __name__ == "__main__":
    main(sys.argv[1])
