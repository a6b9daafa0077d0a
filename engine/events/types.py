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
    """How many images of one class there were, and how many of them were correctly classified."""

    name: str
    correct: int
    total: int

    @property
    def accuracy(self) -> float:
        """Fraction correctly classified, 0 where there were no images."""
        return self.correct / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDescribed:
    """One layer of the network, as it runs."""

    name: str
    kind: str
    """ "Conv2d 3×3, 3 → 16"."""
    output: tuple[int, ...]
    """Shape for one image."""
    parameters: int
    multiply_adds: int
    """For one image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDescribed:
    """One of the splits "train", "valid", "test"."""

    name: str
    per_class: tuple[int, ...]
    """Images of each class."""
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    """Mean and standard deviation of the red, green and blue bytes, 0 to 255."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events."""

    live: ClassVar[bool] = False
    """Live events matter only at the moment: they are shown, not written to `events.jsonl`."""

    time: float = field(default_factory=clock.time)
    """When it happened, Unix seconds."""


@dataclass(frozen=True, kw_only=True)
class PreparationAdvanced(Event):
    """A step before training began or went on ("Importing PyTorch", "Downloading CIFAR-10")."""

    live: ClassVar[bool] = True
    step: str
    detail: str = ""
    done: int | None = None
    total: int | None = None
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class ImagesSkipped(Event):
    """Files of an image folder that could not be read; training goes on without them."""

    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunStarted(Event):
    """Everything is ready; the first batch comes next. A resumed run starts again, with `resumed_from` set."""

    name: str
    directory: str
    config: Mapping[str, Any]
    device: str
    device_name: str
    reason: str
    dataset: str
    counts: Mapping[str, int]
    """Images in "train", "valid" and "test"."""
    class_names: tuple[str, ...]
    parameters: int
    epochs: int
    steps_per_epoch: int
    threads: int
    versions: Mapping[str, str]
    precision: str = "float32"
    memory_format: str = "channels_last"
    """What all runs had whose logs lack the two."""
    resumed_from: str | None = None
    epoch: int = 1
    step: int = 0


@dataclass(frozen=True, kw_only=True)
class ImagesChosen(Event):
    """The test images shown while training: `data` is base64 of uint8 (count, 32, 32, 3), row by row."""

    indices: tuple[int, ...]
    labels: tuple[int, ...]
    data: str


@dataclass(frozen=True, kw_only=True)
class ModelDescribed(Event):
    """The layers of the network in the order in which they run. What has no parameters and is no module is not listed.

    Told again where the network has grown.
    """

    layers: tuple[LayerDescribed, ...]
    parameters: int
    """All of them, those that are not trained included."""
    trained: int = 0
    """Those that are trained; 0 in the logs of older programs."""
    grows: int = 0
    """The epoch with which it grows to its full width; 0 where it has that."""


@dataclass(frozen=True, kw_only=True)
class DataDescribed(Event):
    """The data was looked through. `path` is a file of samples (see `engine.data.statistics`), or "" where it was not written."""

    path: str
    splits: tuple[SplitDescribed, ...]
    duplicate_count: int
    """Images that are the same, byte for byte, as an earlier one."""
    duplicates: tuple[str, ...]
    """Up to 100 of them in words: "train 12 (cat) = test 40 (dog)"."""


@dataclass(frozen=True, kw_only=True)
class EpochStarted(Event):
    """Training of an epoch begins, or goes on at `step` after a resume."""

    epoch: int
    learning_rate: float
    step: int = 0


@dataclass(frozen=True, kw_only=True)
class BatchCompleted(Event):
    """How far the run is, several times a second. `phase` is "training", "validating" or "testing"."""

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
    """Training of the epoch is over; its validation begins."""

    epoch: int


@dataclass(frozen=True, kw_only=True)
class EpochCompleted(Event):
    """An epoch was trained and validated. `seconds` and `images_per_second` exclude time paused."""

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
    """What the network of this epoch sees in the chosen images: class index and its probability."""

    epoch: int
    predicted: tuple[int, ...]
    confidence: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class CheckpointSaved(Event):
    """A checkpoint is whole on the disk. `reason` is "best", "epoch", "asked", "time" or "stop"."""

    path: str
    epoch: int
    step: int
    reason: str
    valid_loss: float | None
    previous_best: float | None
    size: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class CheckpointFailed(Event):
    """A checkpoint could not be written; earlier ones are untouched and training goes on."""

    path: str
    epoch: int
    step: int
    reason: str
    error: str


@dataclass(frozen=True, kw_only=True)
class CheckpointSkipped(Event):
    """A checkpoint was passed over when resuming, because it did not verify."""

    path: str
    error: str


@dataclass(frozen=True, kw_only=True)
class RunPaused(Event):
    """The run holds before its next batch."""

    phase: str
    epoch: int
    step: int


@dataclass(frozen=True, kw_only=True)
class RunResumed(Event):
    """The run goes on after `seconds` of pause."""

    phase: str
    epoch: int
    step: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class TestStarted(Event):
    """The best weights, of `epoch`, were loaded; the test begins."""

    __test__: ClassVar[bool] = False  # the name is not pytest's
    epoch: int


@dataclass(frozen=True, kw_only=True)
class TestCompleted(Event):
    """The test set under the best weights. `confusion[true][predicted]` counts images.

    `tta_accuracy` is that of each image taken together with its mirror image, which no other figure is.
    """

    __test__: ClassVar[bool] = False
    epoch: int
    loss: float
    accuracy: float
    per_class: tuple[ClassCount, ...]
    confusion: tuple[tuple[int, ...], ...]
    tta_accuracy: float | None = None


@dataclass(frozen=True, kw_only=True)
class PredictionsSaved(Event):
    """What the network makes of every test image was written to `path` (see `engine.storage.predictions`).

    The weights are those of the end of `epoch`, or, where `step` is not 0, of that many batches of it.
    """

    path: str
    epoch: int
    step: int
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class ValidationPredictionsSaved(Event):
    """What the network makes of the validation images, with the weights of the end of `epoch`, was written to `path`."""

    path: str
    epoch: int


@dataclass(frozen=True, kw_only=True)
class InspectionFailed(Event):
    """The image of the `InspectImage` with this `id` can't be inspected; if it can, see `engine.inspection.types`."""

    live: ClassVar[bool] = True
    id: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LineLogged(Event):
    """A line that the process would have printed: a warning, a library's message, a note of the engine."""

    source: str
    text: str


@dataclass(frozen=True, kw_only=True)
class RunEnded(Event):
    """Base of the three events that end a run."""

    best_epoch: int | None = None
    best_valid_loss: float | None = None
    best_valid_accuracy: float | None = None
    best_checkpoint: str | None = None
    directory: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunCompleted(RunEnded):
    """All epochs were trained and the test is done. `seconds` excludes time paused."""

    epochs: int
    seconds: float
    test_accuracy: float
    test_loss: float
    tta_accuracy: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunStopped(RunEnded):
    """The run was stopped on request; `saved` is the checkpoint that holds this very batch, if there is one."""

    epoch: int
    step: int
    reason: str
    saved: str | None


@dataclass(frozen=True, kw_only=True)
class RunFailed(RunEnded):
    """The run ended by an error. `kind` names its class; `detail` is a traceback where it was not foreseen."""

    title: str
    message: str
    kind: str
    detail: str = ""
