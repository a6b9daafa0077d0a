"""Events: what the engine reports of a run, in the past tense, as frozen dataclasses of plain values.

Where in a run each event is emitted (`?` perhaps, `*` any number of times)::

    # PreparationAdvanced*                      importing PyTorch, choosing the device, loading the data
    data = load_dataset()
    # ImagesSkipped?                            an image folder holds files that could not be read
    # RunStarted
    # ImagesChosen                              the test images shown while training
    # ModelDescribed
    # DataDescribed                             from a background thread, a little later
    for epoch in epochs:
        # EpochStarted
        # ModelDescribed?                       again, if the network has just grown
        for batch in training_batches:
            train(batch)
            # BatchCompleted*                   progress, a few times a second
            # LossSampled*                      at fixed steps, about 60 an epoch
        # ValidationStarted
        validate()
        # EpochCompleted
        # ImagesClassified
        # ValidationPredictionsSaved            from a background thread, a little later
        # CheckpointSaved | CheckpointFailed    from a background thread, a little later
    # TestStarted
    test(best_weights)
    # TestCompleted
    # PredictionsSaved                          also after every evaluation on request
    # RunCompleted | RunStopped | RunFailed     exactly one, always last

`RunPaused` and `RunResumed` come in pairs between batches, `LineLogged` anywhere, `CheckpointSkipped` before `RunStarted`.

Losses are means per image in nats, accuracies fractions from 0 to 1, durations seconds, times Unix seconds. Epochs and steps
count from 1; step 0 is before the first batch.

To add an event, write its dataclass here, and what it changes on the screens in `tui_cifar/run/state.py`. Its name in JSON
and the checks on reading follow from the class (`engine.events.codec`).
"""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCount:
    """The images of one class: how many there are, and how many were classified correctly."""

    name: str
    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """Fraction classified correctly; 0 if there are no images."""
        return self.correct / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDescribed:
    """One layer of the network."""

    name: str
    kind: str
    """In words, as in "Conv2d 3×3, 3 → 16"."""
    output: tuple[int, ...]
    """Shape of its output for one image."""
    parameters: int
    multiply_adds: int
    """For one image, forward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDescribed:
    """One of the splits "train", "valid" and "test"."""

    name: str
    per_class: tuple[int, ...]
    """Number of images of each class."""
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    """Mean and standard deviation of red, green and blue, from 0 to 255."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events."""

    live: ClassVar[bool] = False
    """Live events are shown, but not written to `events.jsonl`."""

    time: float = field(default_factory=clock.time)
    """When it happened, Unix seconds."""


@dataclass(frozen=True, kw_only=True)
class PreparationAdvanced(Event):
    """Progress of the preparation for training: a step such as "Importing PyTorch", of which `done` of `total` units are done."""

    live: ClassVar[bool] = True
    step: str
    detail: str = ""
    done: int | None = None
    total: int | None = None
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class ImagesSkipped(Event):
    """Files of an image folder could not be read; the run continues without them. `names` are the first 100 of them."""

    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """Preparation is complete, and the first batch comes next. Emitted again by every resumption, with `resumed_from` set."""

    name: str
    directory: str
    config: Mapping[str, Any]
    device: str
    device_name: str
    reason: str
    """Why this device was chosen."""
    dataset: str
    counts: Mapping[str, int]
    """Number of images in "train", "valid" and "test"."""
    class_names: tuple[str, ...]
    parameters: int
    epochs: int
    steps_per_epoch: int
    threads: int
    versions: Mapping[str, str]
    # The defaults of the next two are what runs had before they were recorded.
    precision: str = "float32"
    memory_format: str = "channels_last"
    resumed_from: str | None = None
    epoch: int = 1
    step: int = 0


@dataclass(frozen=True, kw_only=True)
class ImagesChosen(Event):
    """The test images to show while training. `data` is the base64 encoding of uint8 (count, 32, 32, 3) in C order."""

    indices: tuple[int, ...]
    labels: tuple[int, ...]
    data: str


@dataclass(frozen=True, kw_only=True)
class ModelDescribed(Event):
    """The layers of the network in the order in which they run, without operations that are not modules."""

    layers: tuple[LayerDescribed, ...]
    parameters: int
    """Number of parameters, including those that are not trained."""
    trained: int = 0
    """Number of those that are trained; 0 in logs that did not record it."""
    grows: int = 0
    """The epoch at whose start the network grows to its full width; 0 if it has it already."""


@dataclass(frozen=True, kw_only=True)
class DataDescribed(Event):
    """Statistics of the data. `path` is a file of sample images (see `engine.data.statistics`), "" if it could not be written."""

    path: str
    splits: tuple[SplitDescribed, ...]
    duplicate_count: int
    """Number of images that are identical to an earlier one."""
    duplicates: tuple[str, ...]
    """The first 100 of them in words, as in "train 12 (cat) = test 40 (dog)"."""


@dataclass(frozen=True, kw_only=True)
class EpochStarted(Event):
    """Training of an epoch begins, or continues at `step` after a resumption."""

    epoch: int
    learning_rate: float
    step: int = 0


@dataclass(frozen=True, kw_only=True)
class BatchCompleted(Event):
    """Progress within `phase` ("training", "validating" or "testing"): `step` of `steps` batches."""

    live: ClassVar[bool] = True
    phase: str
    epoch: int
    step: int
    steps: int
    images_per_second: float
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class LossSampled(Event):
    """Mean training loss over the batches since the last sample, at `step` of `steps`."""

    epoch: int
    step: int
    steps: int
    train_loss: float


@dataclass(frozen=True, kw_only=True)
class ValidationStarted(Event):
    """Training of the epoch is complete; validation begins."""

    epoch: int


@dataclass(frozen=True, kw_only=True)
class EpochCompleted(Event):
    """An epoch was trained and validated. `per_class` is of the validation; times exclude pauses."""

    epoch: int
    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float
    learning_rate: float
    seconds: float
    images_per_second: float
    per_class: tuple[ClassCount, ...]
    best: bool


@dataclass(frozen=True, kw_only=True)
class ImagesClassified(Event):
    """The predictions for the chosen images after an epoch: index of the class, and its probability."""

    epoch: int
    predicted: tuple[int, ...]
    confidence: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class CheckpointSaved(Event):
    """A checkpoint of `size` bytes was written and verified. `reason` is "best", "epoch", "asked", "time" or "stop"."""

    path: str
    epoch: int
    step: int
    reason: str
    valid_loss: float | None
    previous_best: float | None
    """The lowest validation loss before this epoch."""
    size: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class CheckpointFailed(Event):
    """A checkpoint could not be written; earlier ones are intact, and the run continues."""

    path: str
    epoch: int
    step: int
    reason: str
    error: str


@dataclass(frozen=True, kw_only=True)
class CheckpointSkipped(Event):
    """A checkpoint was skipped on resumption, because it failed verification."""

    path: str
    error: str


@dataclass(frozen=True, kw_only=True)
class RunPaused(Event):
    """The run is paused before its next batch; `by` is the watcher that asked, "" for the process that trains."""

    phase: str
    epoch: int
    step: int
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class RunResumed(Event):
    """The run continues after a pause of `seconds`; `by` is as in `RunPaused`."""

    phase: str
    epoch: int
    step: int
    seconds: float
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class TestStarted(Event):
    """The best weights, those of `epoch`, were loaded; the test begins."""

    __test__: ClassVar[bool] = False  # not a test class for pytest
    epoch: int


@dataclass(frozen=True, kw_only=True)
class TestCompleted(Event):
    """The result on the test images with the best weights. `confusion[true][predicted]` counts images."""

    __test__: ClassVar[bool] = False
    epoch: int
    loss: float
    accuracy: float
    per_class: tuple[ClassCount, ...]
    confusion: tuple[tuple[int, ...], ...]
    tta_accuracy: float | None = None
    """With test-time augmentation: each image is classified together with its mirror image."""


@dataclass(frozen=True, kw_only=True)
class PredictionsSaved(Event):
    """The predictions for all test images were written to `path` (see `engine.storage.predictions`).

    The weights are those after `step` batches of `epoch`, or those at its end if `step` is 0.
    """

    path: str
    epoch: int
    step: int
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class ValidationPredictionsSaved(Event):
    """The predictions for all validation images, with the weights at the end of `epoch`, were written to `path`."""

    path: str
    epoch: int


@dataclass(frozen=True, kw_only=True)
class InspectionFailed(Event):
    """The image of the command `InspectImage` with this `id` could not be inspected. On success, an `ImageInspected` is emitted."""

    live: ClassVar[bool] = True
    id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LineLogged(Event):
    """A line for the log: a warning, what a library printed, or a note of the engine."""

    source: str
    text: str


@dataclass(frozen=True, kw_only=True)
class RunEnded(Event):
    """Base of the three events that end a run. The fields are None if there was no best epoch, or no run directory."""

    best_epoch: int | None = None
    best_valid_loss: float | None = None
    best_valid_accuracy: float | None = None
    best_checkpoint: str | None = None
    directory: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunCompleted(RunEnded):
    """All epochs were trained, and the test is complete. `seconds` excludes pauses."""

    epochs: int
    seconds: float
    test_accuracy: float
    test_loss: float
    tta_accuracy: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunStopped(RunEnded):
    """The run was stopped on request. `saved` is the path of the checkpoint at this very batch, if there is one."""

    epoch: int
    step: int
    reason: str
    saved: str | None


@dataclass(frozen=True, kw_only=True)
class RunFailed(RunEnded):
    """The run ended with an error. `kind` is that of the `EngineError`; `detail` is the traceback of an unexpected error."""

    title: str
    message: str
    kind: str
    detail: str = ""
