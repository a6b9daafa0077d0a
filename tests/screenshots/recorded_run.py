"""A recorded run of `fast` on CIFAR-10 in the engine's place, so that the screens show true numbers and true images."""

from __future__ import annotations

import base64
import json
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from engine.config.schema import Config
from engine.data.split import split_indices
from engine.events.codec import from_json
from engine.events.types import Event
from engine.inspection.types import ImageInspected, Inspection
from engine.session.session import Listener
from engine.storage.predictions import VALIDATION_FILE, Predictions, write_predictions
from engine.training.control import Control

FOLDER = Path(__file__).parent / "recorded"
ARCHIVE = Path(__file__).parents[3] / "shared" / "data" / "cifar10-images.tar.xz"
RUN = Path("runs/cifar10-fast")
"""The run directory, below the working directory of whoever shows the run."""
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class Images:
    """The images of CIFAR-10 that the recorded run shows."""

    valid: np.ndarray
    """uint8 (10000, 32, 32, 3), in the order of the split."""
    valid_labels: np.ndarray
    """int64 (10000,)."""
    chosen: np.ndarray
    """uint8 (48, 32, 32, 3): the test images of the dashboard."""


@cache
def cifar10() -> Images:
    """Decode them from the archive of all images, which takes some seconds."""
    labels = np.repeat(np.arange(10), 5000)
    valid = split_indices(torch.from_numpy(labels), 0.2, seed=0, stratified=True)[1].numpy()
    chosen = next(e for e in recorded_events() if e["event"] == "images_chosen")["indices"]
    names = [f"train/{CLASSES[i // 5000]}/{i % 5000:04}.jpg" for i in valid]
    names += [f"test/{CLASSES[i // 1000]}/{i % 1000:04}.jpg" for i in chosen]
    decoded: dict[str, np.ndarray] = dict.fromkeys(names, np.zeros(0))
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            if member.name in decoded:
                decoded[member.name] = np.asarray(Image.open(archive.extractfile(member)).convert("RGB"))  # type: ignore[arg-type]
    images = np.stack([decoded[name] for name in names])
    return Images(images[: len(valid)], labels[valid], images[len(valid) :])


def recorded_events() -> list[dict[str, object]]:
    """The recorded events, without the settings of the run and without images."""
    return [json.loads(line) for line in (FOLDER / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def inspected_image() -> int:
    """The number of the validation image with a recorded inspection."""
    with np.load(FOLDER / "inspection.npz") as saved:
        return int(saved["number"])


class RecordedTraining:
    """Reports what was recorded, then waits in the middle of an epoch until the run is stopped."""

    def __call__(self, config: Config, control: Control, emit: Listener) -> object:
        self._write_predictions()
        for event in self._events(config):
            emit(event)
        inspection = self._inspection()
        while not control.stopping:
            for command in control.take_inspections():
                emit(ImageInspected(id=command.id, inspection=inspection))
            time.sleep(0.01)
        return None

    def _events(self, config: Config) -> Iterator[Event]:
        data = base64.b64encode(cifar10().chosen.tobytes()).decode()
        more = {
            "run_started": {"config": config.as_dict(), "versions": {}, "dataset": "cifar10"},
            "images_chosen": {"data": data},
        }
        for event in recorded_events():
            yield from_json(json.dumps(event | more.get(str(event["event"]), {})))

    def _write_predictions(self) -> None:
        RUN.mkdir(parents=True)
        images = RUN / "images.npy"
        np.save(images, cifar10().valid)
        with np.load(FOLDER / "validation.npz") as saved:
            predictions = Predictions(
                probabilities=saved["probabilities"].astype(np.float32) / 1000,
                labels=cifar10().valid_labels,
                class_names=CLASSES,
                epoch=int(saved["epoch"]),
                step=0,
                images_path=str(images.resolve()),
                split="valid",
            )
        write_predictions(RUN / VALIDATION_FILE, predictions)

    def _inspection(self) -> Inspection:
        image = cifar10().valid[inspected_image()]
        with np.load(FOLDER / "inspection.npz") as saved:
            return Inspection(
                image=image,
                class_names=CLASSES,
                probabilities=saved["probabilities"].astype(np.float32) / 1000,
                epoch=int(saved["epoch"]),
                step=0,
                network_input=image / np.float32(127.5) - 1,
                draws=image[None],
                cams=saved["cams"].astype(np.float32) / 255,
                cam_classes=tuple(saved["cam_classes"].tolist()),
                maps=(),
                filters=np.zeros((0, 2, 2, 3), dtype=np.float32),
            )
