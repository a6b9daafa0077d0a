"""Makes the recorded run that the screenshots show from the run directory of a run under way; no part of the test suite.

    cifar-tui --headless --dataset IMAGES --name cifar10-fast &
    python -m tests.screenshots.record runs/cifar10-fast IMAGE_NUMBER

Only what the screens show is kept, rounded: the events, the probabilities of the validation images, and what the network makes
of one of them. The images are not kept.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from engine.events.commands import InspectImage
from engine.inspection.trained_model import load_trained
from engine.inspection.types import ImageInspected
from engine.storage.predictions import VALIDATION_FILE, read_predictions
from tests.screenshots.recorded_run import FOLDER, RUN

LEFT_OUT = {"config", "data", "versions", "resumed_from"}


def main(run: Path, number: int) -> None:
    """Write the files in `recorded/`; `number` is the validation image to ask about."""
    FOLDER.mkdir(exist_ok=True)
    events = [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    completed = [e for e in events if e["event"] == "epoch_completed"]
    events.append(_progress(events[-1], completed[-1], next(e["epochs"] for e in events if "epochs" in e)))
    lines = (json.dumps(_shortened(event), ensure_ascii=False, separators=(",", ":")) for event in events)
    text = "\n".join(lines).replace(str(run.resolve()), str(RUN))
    (FOLDER / "events.jsonl").write_text(text + "\n", encoding="utf-8")

    saved = read_predictions(run / VALIDATION_FILE)
    np.savez_compressed(FOLDER / "validation.npz", probabilities=_thousandths(saved.probabilities), epoch=saved.epoch)
    image = np.load(saved.images_path)[number]
    answer = load_trained(run).answer(InspectImage.of_pixels("", image))
    assert isinstance(answer, ImageInspected), answer
    inspection = answer.inspection
    np.savez_compressed(
        FOLDER / "inspection.npz",
        number=number,
        probabilities=_thousandths(inspection.probabilities),
        cams=(inspection.cams * 255).round().astype(np.uint8),
        cam_classes=inspection.cam_classes,
        epoch=inspection.epoch,
    )


def _progress(last: dict[str, Any], epoch: dict[str, Any], epochs: int) -> dict[str, Any]:
    """How far the run is after its last event, which is a `LossSampled`."""
    done = last["step"] / last["steps"]
    return {
        "event": "batch_completed",
        "time": last["time"],
        "phase": "training",
        "epoch": last["epoch"],
        "step": last["step"],
        "steps": last["steps"],
        "images_per_second": epoch["images_per_second"],
        "seconds_left": epoch["seconds"] * (epochs - last["epoch"] + 1 - done),
    }


def _shortened(event: dict[str, Any]) -> dict[str, Any]:
    return {key: _rounded(value) for key, value in event.items() if key not in LEFT_OUT}


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
    main(Path(sys.argv[1]), int(sys.argv[2]))
