"""Everything through which a training loop talks to the outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.events.types import Event, LineLogged
from engine.storage.checkpoint_writer import CheckpointWriter
from engine.storage.prediction_writer import PredictionWriter
from engine.training.control import Control
from engine.training.hooks import Hook


@dataclass(frozen=True, slots=True)
class RunIO:
    """Events and files out, commands in."""

    emit: Callable[[Event], None]
    """May be called from any thread."""
    control: Control
    """Polled before every batch."""
    checkpoints: CheckpointWriter
    predictions: PredictionWriter
    """Receives evaluations that are only for display."""
    hook: Hook

    def log(self, text: str) -> None:
        """Emit a line for the log."""
        self.emit(LineLogged(source="engine", text=text))
