"""A script in the engine's place: tells chosen events and obeys the control, without training anything."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable

import numpy as np

from engine.config.schema import Config
from engine.events.types import (
    BatchCompleted,
    CheckpointSaved,
    ClassCount,
    EpochCompleted,
    EpochStarted,
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

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
STEPS = 10


def counts(accuracy: float, total: int = 100) -> tuple[ClassCount, ...]:
    """Every class at about one accuracy, a little apart."""
    return tuple(
        ClassCount(name=n, correct=min(total, max(0, round(accuracy * total) + i - 5)), total=total)
        for i, n in enumerate(NAMES)
    )


def started(config: Config, **changes: object) -> RunStarted:
    """A run on CIFAR-10 with all figures of a real one."""
    values: dict[str, object] = {
        "name": "night-run",
        "directory": "runs/night-run",
        "config": config.as_dict(),
        "device": "cpu",
        "device_name": "AMD EPYC",
        "reason": "no CUDA device was found",
        "dataset": "cifar10",
        "counts": {"train": 40_000, "valid": 10_000, "test": 10_000},
        "class_names": NAMES,
        "parameters": 541_094,
        "epochs": config.epochs,
        "steps_per_epoch": STEPS,
        "threads": 2,
        "precision": "float32",
        "memory_format": "channels_last",
        "versions": {"torch": "2"},
    }
    return RunStarted(**{**values, **changes})  # type: ignore[arg-type]


class Script:
    """An engine that goes `epochs` epochs, waiting at each step until the test lets it go on.

    Args:
        epochs: how many to complete before the test and the end.
        hold_at: (epoch, step) to wait at until `go` is set; None runs through.
    """

    def __init__(self, epochs: int = 3, hold_at: tuple[int, int] | None = None) -> None:
        self.epochs, self.hold_at = epochs, hold_at
        self.go, self.holding = threading.Event(), threading.Event()
        self.saves = 0
        self.control: Control | None = None

    def __call__(self, config: Config, control: Control, tell: Listener) -> object:
        self.control = control
        images = np.random.default_rng(0).integers(0, 256, (48, 32, 32, 3), dtype=np.uint8)
        labels = tuple(i % 10 for i in range(48))
        tell(PreparationAdvanced(step="Importing PyTorch"))
        tell(started(config, epochs=self.epochs))
        tell(ImagesChosen(indices=tuple(range(48)), labels=labels, data=base64.b64encode(images.tobytes()).decode()))
        for epoch in range(1, self.epochs + 1):
            loss, accuracy = 2.0 / epoch, min(0.9, 0.3 + 0.1 * epoch)
            tell(EpochStarted(epoch=epoch, learning_rate=0.01))
            for step in range(1, STEPS + 1):
                tell(
                    BatchCompleted(
                        phase="training",
                        epoch=epoch,
                        step=step,
                        steps=STEPS,
                        images_per_second=4100.0,
                        seconds_left=62.0,
                    )
                )
                tell(LossSampled(epoch=epoch, step=step, steps=STEPS, train_loss=loss - step * 0.01))
                if self._stopped(control, tell, epoch, step):
                    return None
            tell(ValidationStarted(epoch=epoch))
            tell(
                EpochCompleted(
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
            )
            tell(
                ImagesClassified(
                    epoch=epoch,
                    predicted=tuple((n + (i % 3 == 0)) % 10 for i, n in enumerate(labels)),
                    confidence=(0.61,) * 48,
                )
            )
            tell(
                CheckpointSaved(
                    path=f"runs/night-run/checkpoints/epoch-{epoch:04}.pt",
                    epoch=epoch,
                    step=STEPS,
                    reason="best",
                    valid_loss=loss,
                    previous_best=2.0 / (epoch - 1) if epoch > 1 else None,
                    size=10,
                    seconds=0.1,
                )
            )
        tell(TestStarted(epoch=self.epochs))
        tell(TestCompleted(epoch=self.epochs, loss=0.7, accuracy=0.72, per_class=counts(0.72, 1000), confusion=((1,),)))
        tell(
            RunCompleted(
                epochs=self.epochs,
                seconds=30.0,
                test_accuracy=0.72,
                test_loss=0.7,
                best_epoch=self.epochs,
                best_valid_loss=0.7,
                best_valid_accuracy=0.71,
                best_checkpoint="runs/night-run/checkpoints/best.pt",
                directory="runs/night-run",
            )
        )
        return None

    def _stopped(self, control: Control, tell: Listener, epoch: int, step: int) -> bool:
        """Hold, pause, save or stop, as the engine does between batches."""
        if self.hold_at == (epoch, step):
            self.holding.set()
            while not self.go.wait(0.01):
                self._obey(control, tell, epoch, step)
                if control.stopping:
                    break
        self._obey(control, tell, epoch, step)
        if control.stopping:
            saved = "runs/night-run/checkpoints/stop.pt" if control.save_on_stop else None
            tell(
                RunStopped(epoch=epoch, step=step, reason=control.stop_reason, saved=saved, directory="runs/night-run")
            )
        return control.stopping

    def _obey(self, control: Control, tell: Listener, epoch: int, step: int) -> None:
        self.saves += control.take_save()
        if control.paused and not control.stopping:
            tell(RunPaused(phase="training", epoch=epoch, step=step))
            while control.wait_while_paused(0.01) and not control.stopping:
                self.saves += control.take_save()
            tell(RunResumed(phase="training", epoch=epoch, step=step, seconds=0.1))


Engine = Callable[[Config, Control, Listener], object]


def failing(kind: str = "non_finite_loss", **values: str) -> Engine:
    """An engine that fails at once."""
    told = {"title": "Loss is not a number", "message": "In epoch 3, batch 7.", "detail": "Traceback …", **values}

    def engine(config: Config, control: Control, emit: Listener) -> object:
        emit(RunFailed(kind=kind, **told))
        return None

    return engine
