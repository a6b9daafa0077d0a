"""The hook: code of a caller's own that runs at fixed places of a run, for tests, benchmarks and the injection of faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import nn

    from engine.events.types import Event


class TrainingView(Protocol):
    """What a hook sees of the training, and may change."""

    model: nn.Module
    optimizer: Any
    epoch: int
    """From 1."""
    step: int
    """Optimization steps done in this epoch."""
    phase: str
    """ "training", "validating" or "testing"."""
    best: Any
    """The best weights so far, and the validation loss that they reached."""


class Hook:
    """Does nothing; override what you need.

    Methods are called in the training thread. An exception that one of them raises goes the way of an exception raised by
    the engine at that place: from `before_event` it counts as a failed write of the event, from elsewhere it ends the run.
    """

    def before_batch(self, training: TrainingView, batch: int) -> None:
        """Before each batch of training, validation and test, and before requests to pause, stop or save are looked at.

        Args:
            training: the run so far.
            batch: index of the batch in its phase, from 0.
        """

    def before_save(self, training: TrainingView) -> None:
        """Before the state for a checkpoint is copied."""

    def after_save(self, training: TrainingView) -> None:
        """After that copy was handed to the thread that writes it."""

    def before_event(self, event: Event) -> None:
        """Before an event is written to `events.jsonl`, in the thread that emits it."""
