"""An engine that follows a script: emits chosen events and obeys the control, without training anything."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator

import numpy as np

from engine.config.schema import Config
from engine.events.types import (
    BatchCompleted,
    CheckpointSaved,
    ClassCount,
    EpochCompleted,
    EpochStarted,
    Event,
    ImagesChosen,
    ImagesClassified,
    LossSampled,
    PreparationAdvanced,
    RunCompleted,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
    TestCompleted,
    TestStarted,
    ValidationStarted,
)
from engine.session.session import Listener
from engine.training.control import Control
from tests.support.events import STEPS, run_started

Engine = Callable[[Config, Control, Listener], object]
NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RUN = "runs/night-run"
LABELS = tuple(i % 10 for i in range(48))
"""Of the images that the dashboard shows."""


def counts(accuracy: float, total: int = 100) -> tuple[ClassCount, ...]:
    """Per-class counts: every class near the same accuracy, slightly apart."""
    return tuple(
        ClassCount(name=n, correct=min(total, max(0, round(accuracy * total) + i - 5)), total=total)
        for i, n in enumerate(NAMES)
    )


def started(config: Config, **changes: object) -> RunStarted:
    """A run on CIFAR-10 with realistic figures."""
    values: dict[str, object] = {
        "name": "night-run",
        "directory": RUN,
        "config": config.as_dict(),
        "device_name": "AMD EPYC",
        "reason": "no CUDA device was found",
        "counts": {"train": 40_000, "valid": 10_000, "test": 10_000},
        "class_names": NAMES,
        "parameters": 541_094,
        "epochs": config.run.epochs,
    }
    return run_started(**{**values, **changes})


class Script:
    """An engine that pretends to train; it can wait at one step until the test lets it go on.

    Args:
        epochs: epochs before the test and the end.
        hold_at: (epoch, step) to wait at until `go` is set; None does not wait.
    """

    def __init__(self, epochs: int = 3, hold_at: tuple[int, int] | None = None) -> None:
        self.epochs, self.hold_at = epochs, hold_at
        self.go, self.holding = threading.Event(), threading.Event()
        self.saves = 0
        self.control: Control | None = None

    def __call__(self, config: Config, control: Control, emit: Listener) -> object:
        self.control = control
        images = np.random.default_rng(0).integers(0, 256, (48, 32, 32, 3), dtype=np.uint8)
        emit(PreparationAdvanced(step="Importing PyTorch"))
        emit(started(config, epochs=self.epochs))
        emit(ImagesChosen(indices=tuple(range(48)), labels=LABELS, data=base64.b64encode(images.tobytes()).decode()))
        for epoch in range(1, self.epochs + 1):
            emit(EpochStarted(epoch=epoch, learning_rate=0.01))
            for step in range(1, STEPS + 1):
                for event in step_events(epoch, step):
                    emit(event)
                if self._stopped(control, emit, epoch, step):
                    return None
            for event in validation_events(epoch):
                emit(event)
        for event in final_events(self.epochs):
            emit(event)
        return None

    def _stopped(self, control: Control, emit: Listener, epoch: int, step: int) -> bool:
        """Wait, pause, save or stop, as the engine does between batches."""
        if self.hold_at == (epoch, step):
            self.holding.set()
            while not self.go.wait(0.01):
                self._obey(control, emit, epoch, step)
                if control.stopping:
                    break
        self._obey(control, emit, epoch, step)
        if control.stopping:
            saved = f"{RUN}/checkpoints/stop.pt" if control.save_on_stop else None
            emit(RunStopped(epoch=epoch, step=step, reason=control.stop_reason, saved=saved, directory=RUN))
        return control.stopping

    def _obey(self, control: Control, emit: Listener, epoch: int, step: int) -> None:
        self.saves += control.take_save()
        if control.paused and not control.stopping:
            emit(RunPaused(phase="training", epoch=epoch, step=step))
            while control.wait_while_paused(0.01) and not control.stopping:
                self.saves += control.take_save()
            emit(RunResumed(phase="training", epoch=epoch, step=step, seconds=0.1))


def step_events(epoch: int, step: int) -> Iterator[Event]:
    yield BatchCompleted(
        phase="training", epoch=epoch, step=step, steps=STEPS, images_per_second=4100.0, seconds_left=62.0
    )
    yield LossSampled(epoch=epoch, step=step, steps=STEPS, train_loss=2.0 / epoch - step * 0.01)


def validation_events(epoch: int) -> Iterator[Event]:
    """Loss falls and accuracy rises: each epoch is the best so far."""
    loss, accuracy = 2.0 / epoch, min(0.9, 0.3 + 0.1 * epoch)
    yield ValidationStarted(epoch=epoch)
    yield EpochCompleted(
        epoch=epoch,
        train_loss=loss,
        train_accuracy=accuracy,
        valid_loss=loss,
        valid_accuracy=accuracy,
        learning_rate=0.01,
        seconds=9.6,
        images_per_second=4100.0,
        per_class=counts(accuracy),
        best=True,
    )
    yield ImagesClassified(
        epoch=epoch,
        predicted=tuple((n + (i % 3 == 0)) % 10 for i, n in enumerate(LABELS)),
        confidence=(0.61,) * len(LABELS),
    )
    yield CheckpointSaved(
        path=f"{RUN}/checkpoints/epoch-{epoch:04}.pt",
        epoch=epoch,
        step=STEPS,
        reason="best",
        valid_loss=loss,
        previous_best=2.0 / (epoch - 1) if epoch > 1 else None,
        size=10,
        seconds=0.1,
    )


def final_events(epochs: int) -> Iterator[Event]:
    yield TestStarted(epoch=epochs)
    yield TestCompleted(epoch=epochs, loss=0.7, accuracy=0.72, per_class=counts(0.72, 1000), confusion=((1,),))
    yield RunCompleted(
        epochs=epochs,
        seconds=30.0,
        test_accuracy=0.72,
        test_loss=0.7,
        best_epoch=epochs,
        best_valid_loss=0.7,
        best_valid_accuracy=0.71,
        best_checkpoint=f"{RUN}/checkpoints/best.pt",
        directory=RUN,
    )


def failing(kind: str = "non_finite_loss", **values: str) -> Engine:
    """An engine that fails at once."""
    values = {"title": "Loss is not a number", "message": "In epoch 3, batch 7.", "detail": "Traceback …", **values}

    def engine(config: Config, control: Control, emit: Listener) -> object:
        emit(RunFailed(kind=kind, **values))
        return None

    return engine
