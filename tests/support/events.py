"""Events of a made-up run on three classes, and the state that they add up to."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterator

import numpy as np

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
    RunStarted,
    TestCompleted,
    TestStarted,
    ValidationStarted,
)
from tui_cifar.run.state import RunState

NAMES = ("cat", "dog", "frog")
STEPS = 10
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)


def run_started(**changes: object) -> RunStarted:
    """A run of four epochs of ten steps, 300 training and 100 validation images."""
    started = RunStarted(
        name="night",
        directory="runs/night",
        config={"recipe": "fast"},
        device="cpu",
        device_name="EPYC",
        reason="no CUDA",
        dataset="cifar10",
        counts={"train": 300, "valid": 100, "test": 100},
        class_names=NAMES,
        parameters=1234,
        epochs=4,
        steps_per_epoch=STEPS,
        threads=2,
        precision="float32",
        memory_format="channels_last",
        versions={"torch": "2"},
    )
    return dataclasses.replace(started, **changes)  # type: ignore[arg-type]


def batch(epoch: int, step: int, phase: str = "training", steps: int = STEPS) -> BatchCompleted:
    return BatchCompleted(phase=phase, epoch=epoch, step=step, steps=steps, images_per_second=4100.0, seconds_left=62.0)


def epoch_completed(epoch: int, best: bool = True) -> EpochCompleted:
    """Loss falls from epoch to epoch, the accuracy of each class rises by a hundredth."""
    counts = tuple(ClassCount(name=n, correct=50 + 10 * i + epoch, total=100) for i, n in enumerate(NAMES))
    return EpochCompleted(
        epoch=epoch,
        train_loss=2 / epoch,
        train_accuracy=0.5 + epoch / 100,
        valid_loss=2.1 / epoch,
        valid_accuracy=0.6 + epoch / 100,
        learning_rate=0.01,
        seconds=2.1,
        images_per_second=4100.0,
        per_class=counts,
        best=best,
    )


def one_epoch(epoch: int, upto: int = STEPS) -> Iterator[Event]:
    """The events of an epoch, or of its first `upto` steps."""
    yield EpochStarted(epoch=epoch, learning_rate=0.01)
    for step in range(1, upto + 1):
        yield batch(epoch, step)
        yield LossSampled(epoch=epoch, step=step, steps=STEPS, train_loss=2 / epoch - step / 100)
    if upto < STEPS:
        return
    yield ValidationStarted(epoch=epoch)
    yield epoch_completed(epoch)
    yield ImagesClassified(epoch=epoch, predicted=(0, 1, 1, 0), confidence=(0.97, 0.61, 0.5, 0.4))
    yield CheckpointSaved(
        path=f"runs/night/checkpoints/epoch-{epoch:04}.pt",
        epoch=epoch,
        step=STEPS,
        reason="best",
        valid_loss=2.1 / epoch,
        previous_best=2.1 / (epoch - 1) if epoch > 1 else None,
        size=4_000_000,
        seconds=0.1,
    )


def run_events(epochs: int = 2, upto: int = 5, test: bool = False) -> Iterator[Event]:
    """A run up to step `upto` of the epoch after `epochs`, or to its end."""
    yield PreparationAdvanced(step="Importing PyTorch")
    yield run_started()
    yield ImagesChosen(indices=(1, 2, 3, 4), labels=(0, 1, 2, 0), data=base64.b64encode(IMAGES.tobytes()).decode())
    for epoch in range(1, epochs + 1):
        yield from one_epoch(epoch)
    if not test:
        if upto:
            yield from one_epoch(epochs + 1, upto)
        return
    yield TestStarted(epoch=epochs)
    yield batch(epochs, 1, "testing", 1)
    yield TestCompleted(
        epoch=epochs,
        loss=0.8,
        accuracy=0.722,
        confusion=((1,),),
        per_class=tuple(ClassCount(name=n, correct=72, total=100) for n in NAMES),
    )
    yield RunCompleted(epochs=epochs, seconds=99, test_accuracy=0.722, test_loss=0.8, best_epoch=epochs)


def fold(*events: Event, view: RunState | None = None) -> RunState:
    """The state after the events."""
    view = view or RunState()
    for event in events:
        view.apply(event)
    return view
