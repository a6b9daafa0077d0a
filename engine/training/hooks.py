"""The hook: a caller's own code, run at fixed places of a run. For tests, benchmarks and the injection of faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.events.types import Event
    from engine.training.state import TrainingState


class Hook:
    """Does nothing; override what you need.

    An exception from a hook is handled like an exception that the engine raises at that place: from `before_event` it
    counts as a failure to write the event, from anywhere else it ends the run.
    """

    def before_batch(self, state: TrainingState, batch: int) -> None:
        """Called before each batch of training, validation and test, ahead of pending requests to pause, stop or save.

        Args:
            state: of the run. Changing it changes the run.
            batch: index of the batch in its phase, from 0.
        """

    def before_save(self, state: TrainingState) -> None:
        """Called before the state for a checkpoint is copied."""

    def after_save(self, state: TrainingState) -> None:
        """Called once that copy has been handed to the thread that writes it."""

    def before_event(self, event: Event) -> None:
        """Called before an event is written to `events.jsonl`, in the thread that emits it."""
