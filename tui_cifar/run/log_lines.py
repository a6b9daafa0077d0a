"""What the log of the dashboard says of an event."""

from __future__ import annotations

from collections.abc import Iterator

from engine.events.types import (
    CheckpointFailed,
    CheckpointSkipped,
    Event,
    ImagesSkipped,
    LineLogged,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
)
from tui_cifar.run.client_events import ClientNotice, ProcessFound, ProcessLost


def log_lines(event: Event) -> Iterator[str]:
    """The lines of an event, none for most."""
    match event:
        case LineLogged() | ClientNotice():
            yield event.text
        case RunStarted():
            yield from _started(event)
        case CheckpointFailed():
            yield f"Checkpoint not saved: {event.path}: {event.error}"
        case CheckpointSkipped():
            yield f"Checkpoint skipped: {event.error}"
        case RunPaused() if event.by:
            yield f"Paused by {event.by}"
        case RunResumed() if event.by:
            yield f"Resumed by {event.by}"
        case ImagesSkipped():
            yield f"{event.count:,} unreadable images were left out:"
            yield from (f"  {name}" for name in event.names)
        case RunFailed():
            yield f"{event.title}: {event.message}"
            yield from (f"  {line}" for line in event.detail.splitlines())
        case ProcessLost():
            yield "The process that trained the run is gone"
        case ProcessFound():
            yield "A process trains the run again"


def _started(event: RunStarted) -> Iterator[str]:
    counts = event.counts
    yield f"Run {event.name}" + (f", resumed from {event.resumed_from}" if event.resumed_from else "")
    yield (
        f"{event.dataset}: {counts.get('train', 0):,} training, {counts.get('valid', 0):,} validation, "
        f"{counts.get('test', 0):,} test images, {len(event.class_names)} classes"
    )
    yield (
        f"{event.device} {event.device_name}: {event.reason}; {event.threads} threads, {event.precision}, "
        f"{event.memory_format.replace('_', ' ')}; {event.parameters:,} parameters"
    )
