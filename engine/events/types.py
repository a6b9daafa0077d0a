"""Events: all that the engine tells the outside, in the past tense, as frozen dataclasses of plain values.

Losses are means per image in nats, accuracies fractions of 1, durations seconds, times Unix seconds.
Epochs and steps count from 1; step 0 is "before the first batch".

The order of a run, as the engine's loop sees it::

    PreparationAdvanced*                        # importing, device, data: live only
    ImagesSkipped?                            # unreadable images of a folder
    RunStarted
    ImagesChosen                              # the test images that the dashboard shows
    ModelDescribed
    DataDescribed                               # from a thread of its own, soon after
    for epoch in epochs:
        EpochStarted
        ModelDescribed?                         # again, where the network has grown
        for batch in training batches:
            BatchCompleted*                     # latest wins: live only
            LossSampled*                        # at fixed steps, about 60 an epoch
        ValidationStarted
        EpochCompleted
        ImagesClassified
        ValidationPredictionsSaved              # from a thread of its own, soon after
        CheckpointSaved | CheckpointFailed      # from the writer's thread, soon after
    TestStarted
    TestCompleted
    PredictionsSaved                            # also whenever an evaluation was asked for
    RunCompleted | RunStopped | RunFailed       # exactly one, always last

`RunPaused` and `RunResumed` come in pairs between any two batches; `LineLogged` may come anywhere.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import re
import time as clock
import types
import typing
from collections.abc import Callable, Mapping
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


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _concrete(base: type[Event]) -> list[type[Event]]:
    return [c for sub in base.__subclasses__() for c in [sub, *_concrete(sub)] if c is not RunEnded]


BY_NAME: dict[str, type[Event]] = {_snake(c.__name__): c for c in _concrete(Event)}
"""Every event class by the name it has in JSON, as in "epoch_completed"."""


def name_of(event: Event) -> str:
    """The event's name in JSON."""
    return _snake(type(event).__name__)


def to_json(event: Event) -> str:
    """One line of JSON, without the line break: `{"event": name, "time": seconds, …}`."""
    return json.dumps({"event": name_of(event), **dataclasses.asdict(event)}, ensure_ascii=False, allow_nan=False)


def from_json(line: str) -> Event:
    """The event that `to_json` wrote. Unknown fields are passed over, so that older programs read newer logs.

    Raises:
        ValueError: the line is no JSON object, names no known event, lacks a field, or has one of another type.
    """
    try:
        raw = json.loads(line)
    except RecursionError:
        raise ValueError("not an event: nested too deeply") from None
    kind = (
        BY_NAME.get(_EARLIER_NAMES.get(str(raw.get("event")), str(raw.get("event")))) if isinstance(raw, dict) else None
    )
    if kind is None:
        raise ValueError(f"not an event: {line[:80]!r}")
    for before, now in _EARLIER_FIELDS.items():
        if before in raw:
            raw.setdefault(now, raw[before])
    checks = _checks(typing.cast(Any, kind))
    values = {k: _frozen(v) if isinstance(v, list) else v for k, v in raw.items() if k in checks}
    try:
        for name, part in _PARTS.items():
            if isinstance(values.get(name), tuple):
                values[name] = tuple(part(**_frozen_values(x)) for x in raw[name])
        event = kind(**values)
    except (TypeError, RecursionError) as e:
        raise ValueError(f"{raw['event']}: {e}") from None
    for name, fits in checks.items():
        if not fits(getattr(event, name)):
            raise ValueError(f"{raw['event']}: {name} is {getattr(event, name)!r}")
    return event


_EARLIER_NAMES = {
    "pictures_skipped": "images_skipped",
    "pictures_chosen": "images_chosen",
    "pictures_classified": "images_classified",
}
_EARLIER_FIELDS = {"mirrored_accuracy": "tta_accuracy"}
"""Names of events and fields in the logs of version 0.2 and before."""

_PARTS: dict[str, Any] = {"per_class": ClassCount, "layers": LayerDescribed, "splits": SplitDescribed}
"""What a field of this name is a list of."""


Check = Callable[[Any], bool]


@functools.cache
def _checks(kind: Any) -> dict[str, Check]:
    """For each field, whether a value read from JSON is of the type that the field is annotated with."""
    hints = typing.get_type_hints(kind)
    return {f.name: _check(hints[f.name]) for f in dataclasses.fields(kind)}


def _check(wanted: Any) -> Check:
    origin, parts = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (types.UnionType, typing.Union):
        any_of = [_check(part) for part in parts]
        return lambda value: any(fits(value) for fits in any_of)
    if origin is tuple:
        each = _check(parts[0])
        return lambda value: isinstance(value, tuple) and all(map(each, value))
    if origin is Mapping:
        if parts[1] is Any:
            return lambda value: isinstance(value, dict)
        every = _check(parts[1])
        return lambda value: isinstance(value, dict) and all(map(every, value.values()))
    if wanted is float:
        return lambda v: isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)
    if wanted is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    if wanted in _PARTS.values():
        fields = _checks(wanted)
        return lambda value: isinstance(value, wanted) and all(fits(getattr(value, k)) for k, fits in fields.items())
    return lambda value: isinstance(value, wanted)


def _frozen_values(part: Any) -> dict[str, Any]:
    """The fields of a part of an event; TypeError where it is no JSON object."""
    if not isinstance(part, dict):
        raise TypeError(f"{part!r} is no object")
    return {k: _frozen(v) for k, v in part.items()}


def _frozen(value: Any) -> Any:
    """Lists as tuples, all the way down, as the event had them."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
