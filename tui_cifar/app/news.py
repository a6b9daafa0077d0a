"""Events that the user is given a notice of."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from textual.notifications import SeverityLevel

from engine.events.types import CheckpointFailed, Event, RunPaused, RunResumed
from tui_cifar.cli.outcome import resume_command
from tui_cifar.run.client_events import ClientNotice, ProcessLost

NEWS_SECONDS = 10
"""A pause or its end that is older than this is part of the run's history: no notice is given of it."""


@dataclass(frozen=True, slots=True)
class News:
    """A notice."""

    text: str
    title: str = ""
    severity: SeverityLevel = "information"
    seconds: float | None = None
    """How long it is shown; None for as long as any other."""


def news(event: Event, run: Path | None) -> News | None:
    """The notice to give of an event of the run in a directory; None for most events."""
    match event:
        case CheckpointFailed():
            return News(event.error, "Checkpoint not saved", "error")
        case RunPaused() | RunResumed() if event.by and time.time() - event.time < NEWS_SECONDS:
            return News(f"{event.by} {'paused' if isinstance(event, RunPaused) else 'resumed'} the run.")
        case ClientNotice():
            return News(event.text, severity="warning" if event.warning else "information")
        case ProcessLost():
            how = f" To resume: {resume_command(run)}" if run else ""
            return News(f"Its process is gone.{how}", "The run crashed", "error", seconds=60)
        case _:
            return None
