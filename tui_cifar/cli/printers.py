"""What a run without a dashboard prints: a readable line per milestone, or every event as a line of JSON."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable

from engine.events.codec import to_json
from engine.events.types import (
    BatchCompleted,
    CheckpointFailed,
    CheckpointSaved,
    CheckpointSkipped,
    EpochCompleted,
    Event,
    ImagesSkipped,
    LineLogged,
    PreparationAdvanced,
    RunCompleted,
    RunEnded,
    RunFailed,
    RunPaused,
    RunStarted,
    RunStopped,
    TestCompleted,
)
from tui_cifar.cli.advice import advised_failure
from tui_cifar.cli.outcome import summary
from tui_cifar.render.text.format import countdown


class JsonPrinter:
    """Prints every event that is written to `events.jsonl`, as it happens."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def __call__(self, event: Event) -> None:
        if not event.live:
            self._write(to_json(event))
        if isinstance(event, RunFailed):
            sys.stderr.write(f"cifar-tui: {advised_failure(event)}\n")


class PlainPrinter:
    """Prints a line per milestone. An epoch's line waits until its checkpoint is saved, perhaps well into the next epoch.

    Args:
        write: receives the lines.
        progress: seconds between lines of progress; None for no such lines.
    """

    def __init__(self, write: Callable[[str], None], progress: float | None = None) -> None:
        self._write = write
        self._progress, self._last_progress = progress, -math.inf
        self._epochs = 0
        self._preparation = ""
        self._waiting: dict[int, str] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case BatchCompleted():
                now = time.monotonic()
                if self._progress is not None and now >= self._last_progress + self._progress:
                    self._last_progress = now
                    self._write(self._progress_line(event))
            case RunPaused():
                self._write("paused")
            case PreparationAdvanced():
                if event.step != self._preparation:
                    self._preparation = event.step
                    self._write(f"{event.step[0].lower()}{event.step[1:]}{f': {event.detail}' if event.detail else ''}")
            case ImagesSkipped():
                self._write(
                    f"skipped {event.count:,} unreadable images: {'; '.join(event.names[:3])}{' …' if event.count > 3 else ''}"
                )
            case RunStarted():
                self._started(event)
            case EpochCompleted():
                self._waiting[event.epoch] = (
                    f"epoch {event.epoch:>{len(str(self._epochs))}}/{self._epochs}"
                    f"  train loss {event.train_loss:.4f} accuracy {event.train_accuracy:6.1%}"
                    f"  validation loss {event.valid_loss:.4f} accuracy {event.valid_accuracy:6.1%}"
                    f"  {event.seconds:.1f} s  {event.images_per_second:,.0f} images/s"
                )
            case CheckpointSaved() if event.reason in ("best", "epoch"):
                previous = "none" if event.previous_best is None else f"{event.previous_best:.4f}"
                news = f"  validation loss {previous} → {event.valid_loss:.4f}, saved {event.path}"
                self._write(self._waiting.pop(event.epoch, "") + (news if event.reason == "best" else ""))
            case CheckpointSaved():
                self._write(f"saved {event.path}")
            case CheckpointFailed() if event.reason in ("best", "epoch"):
                self._write(self._waiting.pop(event.epoch, "") + f"  not saved: {event.error}")
            case CheckpointFailed():
                self._write(f"not saved {event.path}: {event.error}")
            case CheckpointSkipped():
                self._write(f"skipped a checkpoint: {event.error}")
            case TestCompleted():
                self._tested(event)
            case LineLogged():
                self._write(event.text)
            case RunEnded():
                self._flush()
                self._ended(event)
            case _:
                pass

    def _progress_line(self, event: BatchCompleted) -> str:
        """ "epoch 3/20, training 40 %, 4,100 images/s, 1:02 left"."""
        words = [
            f"epoch {event.epoch}/{self._epochs}",
            f"{event.phase} {int(100 * event.step / max(1, event.steps))} %",
        ]
        if event.images_per_second:
            words.append(f"{event.images_per_second:,.0f} images/s")
        if event.seconds_left is not None:
            words.append(f"{countdown(event.seconds_left)} left")
        return ", ".join(words)

    def _flush(self) -> None:
        for line in self._waiting.values():
            self._write(line)
        self._waiting.clear()

    def _started(self, event: RunStarted) -> None:
        self._epochs = event.epochs
        counts = event.counts
        self._write(f"run {event.directory}" + (f", resumed from {event.resumed_from}" if event.resumed_from else ""))
        self._write(
            f"recipe {event.config['recipe']} on {event.dataset}: {counts['train']:,} training, {counts['valid']:,} validation, "
            f"{counts['test']:,} test images, {len(event.class_names)} classes"
        )
        self._write(
            f"device {event.device} {event.device_name} ({event.reason}), "
            f"{event.threads} thread{'s' if event.threads != 1 else ''}, {event.precision}, "
            f"{event.memory_format.replace('_', ' ')}, {event.parameters:,} parameters"
        )

    def _tested(self, event: TestCompleted) -> None:
        self._flush()
        correct, total = (sum(getattr(c, k) for c in event.per_class) for k in ("correct", "total"))
        self._write(
            f"test, best weights of epoch {event.epoch}: loss {event.loss:.4f}, accuracy {event.accuracy:.1%} "
            f"({correct:,} of {total:,})"
        )
        if event.tta_accuracy is not None:
            self._write(f"  with the mirror image of each image: accuracy {event.tta_accuracy:.1%}")
        width = max(len(c.name) for c in event.per_class)
        for c in event.per_class:
            self._write(f"  {c.name:{width}} {c.accuracy:6.1%}  ({c.correct:,} of {c.total:,})")

    def _ended(self, event: RunEnded) -> None:
        if isinstance(event, RunFailed):
            sys.stderr.write(f"cifar-tui: {advised_failure(event)}\n")
            if event.detail:
                sys.stderr.write(event.detail)
        if isinstance(event, RunStopped):
            self._write(f"stopped in epoch {event.epoch}, batch {event.step} ({event.reason})")
        if isinstance(event, RunCompleted):
            self._write(f"done in {event.seconds:.1f} s")
        for line in summary(event)[isinstance(event, RunFailed) :]:
            self._write(line)
