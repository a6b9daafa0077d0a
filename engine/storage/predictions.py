"""`predictions.npz` and `validation.npz`: class probabilities of every image, and where the images are. NumPy only."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import DataError
from engine.runtime.atomic_io import write_atomic

FILE, VALIDATION_FILE = "predictions.npz", "validation.npz"
"""For the test images and for the validation images, in the run directory."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """One evaluation of the test or the validation images."""

    probabilities: np.ndarray
    """float32 (N, classes), each row adding up to 1."""
    labels: np.ndarray
    """int64 (N,): the true classes."""
    class_names: tuple[str, ...]
    epoch: int
    """The epoch of the weights, from 1."""
    step: int
    """Steps of that epoch that they have been trained for; 0 stands for the end of the epoch."""
    images_path: str
    """A .npy file, uint8 (N, 32, 32, 3), in the same order; empty if there is none."""
    split: str = "test"
    """ "test" or "valid"."""


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write the file atomically.

    Raises:
        OSError: the disk refused it.
    """
    buffer = io.BytesIO()
    np.savez(  # compression would take thirty times as long and save a fifth of the space
        buffer,
        probabilities=predictions.probabilities,
        labels=predictions.labels,
        class_names=np.array(predictions.class_names),
        position=np.array([predictions.epoch, predictions.step]),
        images_path=np.array(predictions.images_path),
        split=np.array(predictions.split),
    )
    write_atomic(path, buffer.getvalue())


def read_predictions(path: Path) -> Predictions:
    """Read what `write_predictions` wrote.

    Raises:
        DataError: the file is missing, damaged, or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as raw:
            names = tuple(str(n) for n in raw["class_names"])
            probabilities, labels = raw["probabilities"], raw["labels"]
            epoch, step = (int(n) for n in raw["position"])
            images_path = str(raw["images_path"] if "images_path" in raw else raw["pictures"])  # its name until 0.2
            split = str(raw["split"]) if "split" in raw else "test"  # the only split that older versions wrote
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
        raise DataError(f"{path}: no predictions that can be read ({type(e).__name__}).") from None
    if probabilities.shape != (len(labels), len(names)):
        raise DataError(
            f"{path}: probabilities {probabilities.shape} do not fit {len(labels)} labels, {len(names)} classes."
        )
    return Predictions(probabilities, labels, names, epoch, step, images_path, split)


def cache_images(cache_dir: Path, fingerprint: str, images: np.ndarray, split: str = "test") -> str:
    """Write the images of a split once per dataset, for browsing predictions.

    Args:
        cache_dir: the folder.
        fingerprint: of the dataset.
        images: uint8 (N, 32, 32, 3).
        split: its name, with everything that determines which images are in it.

    Returns:
        The absolute path of the .npy file; "" if the disk refused it.
    """
    path = cache_dir / f"{split}-{fingerprint[:24]}.npy"
    try:
        if not path.exists():
            buffer = io.BytesIO()
            np.save(buffer, images)
            cache_dir.mkdir(parents=True, exist_ok=True)
            write_atomic(path, buffer.getvalue())
        return str(path.resolve())
    except OSError:
        return ""
