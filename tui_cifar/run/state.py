"""`RunState`: everything that the screens show of a run, folded from its events.

A run in this process, one in another process and one that has ended feed the same fold, so the same screens show them. What a
new event changes on the screens is one method here and one entry in `_HANDLERS`; what the log says of it is in `log_lines`.
"""

from __future__ import annotations

import base64
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.events.types import (
    BatchCompleted,
    CheckpointFailed,
    CheckpointSaved,
    CheckpointSkipped,
    ClassCount,
    DataDescribed,
    EpochCompleted,
    EpochStarted,
    Event,
    ImagesChosen,
    ImagesClassified,
    ImagesSkipped,
    LossSampled,
    ModelDescribed,
    PredictionsSaved,
    PreparationAdvanced,
    RunCompleted,
    RunEnded,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
    TestCompleted,
    TestStarted,
    ValidationPredictionsSaved,
    ValidationStarted,
)
from tui_cifar.run.client_events import ProcessFound, ProcessLost
from tui_cifar.run.log_lines import log_lines

if TYPE_CHECKING:
    import numpy as np

STATUS_OF_PHASE = {"training": "TRAINING", "validating": "VALIDATING", "testing": "TESTING"}
Saved = PredictionsSaved | ValidationPredictionsSaved
"""The event that predictions of the test or of the validation images were written to the run directory."""
MAX_POINTS = 20_000
MAX_LINES = 2_000
MAX_CHECKPOINTS = 1_000


@dataclass(slots=True)
class RunState:
    """The state of a run. `apply` folds one event in.

    `changes` counts, for each part of what is shown ("curve", "rows", "classes", "images", "checkpoints", "predictions", "model",
    "data", "lines"), the events that changed it, so that a screen knows when to draw again.
    """

    status: str = "PREPARING"
    """PREPARING, TRAINING, VALIDATING, TESTING, PAUSED, DONE, STOPPED, FAILED or CRASHED."""
    preparation: PreparationAdvanced | None = None
    started: RunStarted | None = None
    epoch: int = 0
    phase: str = ""
    """ "training", "validating" or "testing"."""
    step: int = 0
    steps: int = 0
    """Batches in this phase."""
    rates: dict[str, float] = field(default_factory=dict)
    """Images per second by phase, as last reported."""
    seconds_left: float | None = None
    learning_rate: float = 0.0
    rows: list[EpochCompleted] = field(default_factory=list)
    """Completed epochs, oldest first."""
    points: list[tuple[float, float]] = field(default_factory=list)
    """Training loss: (epochs since the start of the run, loss), left to right."""
    best: EpochCompleted | None = None
    checkpoints: deque[Event] = field(default_factory=lambda: deque(maxlen=MAX_CHECKPOINTS))
    """`CheckpointSaved`, `CheckpointFailed` and `CheckpointSkipped`, oldest first."""
    images: np.ndarray | None = None
    """uint8 (N, 32, 32, 3): the test images that are shown."""
    labels: tuple[int, ...] = ()
    classified: ImagesClassified | None = None
    tested: TestCompleted | None = None
    lines: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=MAX_LINES))
    """The log: (time, text), oldest first."""
    lines_total: int = 0
    """How many lines there have been, those included that are no longer kept."""
    skipped: ImagesSkipped | None = None
    predictions: PredictionsSaved | None = None
    """The newest predictions of the test images."""
    validated: ValidationPredictionsSaved | None = None
    """The newest predictions of the validation images."""
    newest: Saved | None = None
    """Whichever of the two came last."""
    model: ModelDescribed | None = None
    data: DataDescribed | None = None
    ended: RunEnded | None = None
    """How the run ended."""
    changes: dict[str, int] = field(default_factory=dict)

    # -- derived from it ------------------------------------------------------------------------------------------------

    @property
    def images_per_second(self) -> float:
        """Images per second in this phase, or when the run was last in it; 0 if nothing is known."""
        return self.rates.get(self.phase, 0.0)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Empty before the run has started."""
        return self.started.class_names if self.started else ()

    @property
    def config(self) -> Mapping[str, Any]:
        """The run's settings; empty before it has started."""
        return self.started.config if self.started else {}

    @property
    def epochs(self) -> int:
        """How many epochs the run is to train."""
        return self.started.epochs if self.started else 0

    @property
    def fraction(self) -> float:
        """How much of this epoch, or of the test, is done, 0 to 1.

        An epoch is its training and its validation. Validating an image, without the backward pass, counts a third of training on it.
        """
        phase = min(1.0, max(0.0, self.step / self.steps)) if self.steps > 0 else 0.0
        if self.started is None or self.phase == "testing":
            return phase
        train, valid = 3 * self.started.counts.get("train", 0), self.started.counts.get("valid", 0)
        done = train + valid * phase if self.phase == "validating" else train * phase
        return done / (train + valid) if train + valid > 0 else phase

    @property
    def progress(self) -> float:
        """How much of all epochs is done, 0 to 1."""
        if self.epochs <= 0:
            return 0.0
        if self.phase == "testing" or (self.rows and self.rows[-1].epoch >= self.epochs):
            return 1.0
        now = 1.0 if self.rows and self.rows[-1].epoch >= self.epoch else self.fraction
        return min(1.0, max(0.0, (self.epoch - 1 + now) / self.epochs))

    @property
    def per_class(self) -> tuple[ClassCount, ...]:
        """The newest accuracy of each class: of the test if there was one, else of the last validation."""
        if self.tested is not None:
            return self.tested.per_class
        return self.rows[-1].per_class if self.rows else ()

    # -- the fold -------------------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Fold one event in."""
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)
        for text in log_lines(event):
            self._log(event.time, text)

    def _touch(self, *parts: str) -> None:
        for part in parts:
            self.changes[part] = self.changes.get(part, 0) + 1

    def _preparation(self, event: PreparationAdvanced) -> None:
        if self.preparation is None or event.step != self.preparation.step:
            self._log(event.time, f"{event.step}{f': {event.detail}' if event.detail else ''}")
        self.preparation = event

    def _started(self, event: RunStarted) -> None:
        self.started, self.ended, self.tested = event, None, None
        self.status, self.phase = "TRAINING", "training"
        self.epoch, self.step, self.steps = min(event.epoch, event.epochs), event.step, event.steps_per_epoch
        self.rates, self.seconds_left = {}, None
        self._rewind(event.epoch, event.step)
        self._touch("curve", "rows", "classes", "images")

    def _chosen(self, event: ImagesChosen) -> None:
        import numpy as np  # only now, so that the first frame does not wait for it

        try:
            raw = np.frombuffer(base64.b64decode(event.data), dtype=np.uint8)
            images = raw.reshape(len(event.labels), 32, 32, 3)
        except ValueError:  # a log that another program wrote; the rest of it can be shown
            return
        self.images, self.labels = images, event.labels
        self._touch("images")

    def _epoch_started(self, event: EpochStarted) -> None:
        if self.started is not None:
            self.steps = self.started.steps_per_epoch
            self._rewind(event.epoch, event.step)
        self.epoch, self.step, self.learning_rate = event.epoch, event.step, event.learning_rate
        self._enter("training")
        self._touch("rows")

    def _rewind(self, epoch: int, step: int) -> None:
        """Forget what came after a place in the run: a resumed run repeats it, and it is shown once, as it is now."""
        assert self.started is not None
        at = epoch - 1 + step / max(1, self.started.steps_per_epoch) + 1e-9
        if self.points and self.points[-1][0] > at:
            self.points = [p for p in self.points if p[0] <= at]
            self._touch("curve")
        if self._drop_rows(epoch):
            self._touch("rows", "classes")
        if self.classified is not None and self.classified.epoch >= epoch:
            self.classified = None
            self._touch("images")
        if self.validated is not None and self.validated.epoch >= epoch:
            self.newest = self.predictions if self.newest is self.validated else self.newest
            self.validated = None
            self._touch("predictions")

    def _batch(self, event: BatchCompleted) -> None:
        self.epoch, self.phase, self.step, self.steps = event.epoch, event.phase, event.step, event.steps
        if event.images_per_second:
            self.rates[event.phase] = event.images_per_second
        self.seconds_left = event.seconds_left
        if self.status not in ("PAUSED", "DONE", "STOPPED", "FAILED", "CRASHED"):
            self.status = STATUS_OF_PHASE.get(event.phase, self.status)

    def _loss(self, event: LossSampled) -> None:
        if math.isfinite(event.train_loss):
            self.points.append((event.epoch - 1 + event.step / max(1, event.steps), event.train_loss))
        if len(self.points) > MAX_POINTS:
            self.points = thin(self.points)
        self._touch("curve", "rows")

    def _validation(self, event: ValidationStarted) -> None:
        self._enter("validating")
        self.step = 0

    def _epoch_completed(self, event: EpochCompleted) -> None:
        self._drop_rows(event.epoch)
        self.rows.append(event)
        self.best = event if event.best else self.best
        self._touch("curve", "rows", "classes")

    def _drop_rows(self, epoch: int) -> bool:
        """Forget an epoch and all later ones; whether there were any."""
        if not self.rows or self.rows[-1].epoch < epoch:
            return False
        self.rows = [r for r in self.rows if r.epoch < epoch]
        self.best = next((r for r in reversed(self.rows) if r.best), None)
        return True

    def _classified(self, event: ImagesClassified) -> None:
        self.classified = event
        self._touch("images")

    def _checkpoint(self, event: CheckpointSaved | CheckpointFailed | CheckpointSkipped) -> None:
        self.checkpoints.append(event)
        self._touch("checkpoints")

    def _paused(self, event: RunPaused) -> None:
        self.status, self.phase = "PAUSED", event.phase

    def _resumed(self, event: RunResumed) -> None:
        self._enter(event.phase)

    def _enter(self, phase: str) -> None:
        self.phase, self.status = phase, STATUS_OF_PHASE.get(phase, self.status)

    def _test_started(self, event: TestStarted) -> None:
        self._enter("testing")
        self.step = 0

    def _test_completed(self, event: TestCompleted) -> None:
        self.tested = event
        self._touch("classes")

    def _predictions(self, event: PredictionsSaved) -> None:
        self.predictions = self.newest = event
        self._touch("predictions")

    def _validated(self, event: ValidationPredictionsSaved) -> None:
        self.validated = self.newest = event
        self._touch("predictions")

    def _model(self, event: ModelDescribed) -> None:
        self.model = event
        self._touch("model")

    def _data(self, event: DataDescribed) -> None:
        self.data = event
        self._touch("data")

    def _lost(self, event: ProcessLost) -> None:
        self.status, self.seconds_left = "CRASHED", None

    def _found(self, event: ProcessFound) -> None:
        self.status, self.ended = "PREPARING", None

    def _skipped(self, event: ImagesSkipped) -> None:
        self.skipped = event

    def _ended(self, event: RunEnded) -> None:
        self.ended, self.seconds_left = event, None
        match event:
            case RunCompleted():
                self.status = "DONE"
            case RunStopped():
                self.status = "STOPPED"
            case RunFailed():
                self.status = "FAILED"
        self._touch("rows", "classes", "curve")

    def _log(self, time: float, text: str) -> None:
        self.lines.append((time, text))
        self.lines_total += 1
        self._touch("lines")


_HANDLERS: dict[type[Event], Any] = {
    PreparationAdvanced: RunState._preparation,
    RunStarted: RunState._started,
    ImagesChosen: RunState._chosen,
    EpochStarted: RunState._epoch_started,
    BatchCompleted: RunState._batch,
    LossSampled: RunState._loss,
    ValidationStarted: RunState._validation,
    EpochCompleted: RunState._epoch_completed,
    ImagesClassified: RunState._classified,
    CheckpointSaved: RunState._checkpoint,
    CheckpointFailed: RunState._checkpoint,
    CheckpointSkipped: RunState._checkpoint,
    RunPaused: RunState._paused,
    RunResumed: RunState._resumed,
    TestStarted: RunState._test_started,
    TestCompleted: RunState._test_completed,
    PredictionsSaved: RunState._predictions,
    ValidationPredictionsSaved: RunState._validated,
    ModelDescribed: RunState._model,
    DataDescribed: RunState._data,
    ProcessLost: RunState._lost,
    ProcessFound: RunState._found,
    ImagesSkipped: RunState._skipped,
    RunCompleted: RunState._ended,
    RunStopped: RunState._ended,
    RunFailed: RunState._ended,
}


def thin(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Half of the points: the lowest and the highest of every four, in order. Spikes stay."""
    kept = []
    for i in range(0, len(points), 4):
        group = points[i : i + 4]
        ends = {min(group, key=lambda p: p[1]), max(group, key=lambda p: p[1])}
        kept += sorted(ends)
    return kept
