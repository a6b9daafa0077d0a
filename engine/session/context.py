"""What the parts of a session share."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.schema import Config
from engine.events.types import PreparationAdvanced
from engine.session.event_writer import EventWriter
from engine.storage.run_directory import RunDirectory
from engine.training.control import Control
from engine.training.hooks import Hook

if TYPE_CHECKING:
    from engine.training.trainer import Trainer


@dataclass
class SessionContext:
    """What a session was asked for, and what it holds so far."""

    config: Config
    control: Control
    events: EventWriter
    hook: Hook
    resume: Path | None
    """The run directory or checkpoint file to continue from."""
    device_name: str = "computer"
    directory: RunDirectory | None = None
    """Locked by this session."""
    trainer: Trainer | None = None
    workers: ExitStack = field(default_factory=ExitStack)
    """Waits for the threads that still emit events. To be closed before the terminal event."""

    def report(
        self, step: str, detail: str = "", done: int | None = None, total: int | None = None, unit: str = ""
    ) -> None:
        """Emit how far the preparation is.

        Raises:
            Cancelled: a stop was asked for.
        """
        self.control.raise_if_stopping()
        self.events.emit(PreparationAdvanced(step=step, detail=detail, done=done, total=total, unit=unit))
