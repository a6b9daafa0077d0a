"""Training without a dashboard: one readable line an epoch, or every event as a line of JSON."""

from __future__ import annotations

import errno
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from engine.config.schema import Config
from engine.events.codec import to_json
from engine.events.commands import Stop
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
from tui_cifar.cli.outcome import exit_code, summary
from tui_cifar.render.text.text import countdown
from tui_cifar.run.local import Engine, real_engine
from tui_cifar.terminal.signals import EXIT_CODES, Signals


def run_headless(
    config: Config,
    resume: Path | None,
    *,
    as_json: bool,
    progress: float | None = None,
    engine: Engine | None = None,
    keep_going: bool = False,
) -> int:
    """Train in the foreground and return the exit code. The first signal stops and saves, the second leaves at once.

    `progress` asks for a line of progress every so many seconds. With `keep_going`, neither a hangup nor an output that
    nobody reads any more stops it.
    """
    import threading

    from engine.training.control import Control

    control = Control()
    signals = Signals()
    signals.install()
    if keep_going:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    printer = JsonPrinter(_write) if as_json else PlainPrinter(_write, progress)
    ended: list[RunEnded] = []

    def listen(event: Event) -> None:
        if isinstance(event, RunEnded):
            ended.append(event)
        try:
            printer(event)
        except OSError as e:
            _drop_output()
            if e.errno in (errno.EPIPE, errno.EIO) and not keep_going:  # `head` has seen enough; the terminal went away
                control.send(Stop(reason="output closed"))

    run = engine or real_engine(resume)
    thread = threading.Thread(target=lambda: run(config, control, listen), name="training", daemon=True)
    thread.start()
    code: int | None = None
    while thread.is_alive():
        number = signals.next(0.1)
        if number is not None and code is not None:
            os._exit(EXIT_CODES[number])
        if number is not None:
            code = EXIT_CODES[number]
            control.send(Stop(reason=number.name))
    if code is not None:
        return code
    return exit_code(ended[0]) if ended else 1  # without an end, the thread has died, and told of it


def _drop_output() -> None:
    """Print to nowhere from now on: what was printed there can't be read, or has no place on a full disk."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _write(line: str) -> None:
    """A line to standard output, in what its encoding can show."""
    encoding = sys.stdout.encoding or "ascii"
    if encoding.lower().replace("-", "") != "utf8":
        line = line.replace("→", "->").replace("×", "x")
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


class JsonPrinter:
    """Every event that `events.jsonl` keeps, as it happens."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def __call__(self, event: Event) -> None:
        if not event.live:
            self._write(to_json(event))
        if isinstance(event, RunFailed):
            sys.stderr.write(f"cifar-tui: {event.message}\n")


class PlainPrinter:
    """A line a milestone. An epoch's line waits for its checkpoint, which may be the next epoch's time, to say both at once."""

    def __init__(self, write: Callable[[str], None], progress: float | None = None) -> None:
        self._write = write
        self._progress, self._progress_at = progress, -math.inf
        self._epochs = 0
        self._said = ""
        self._waiting: dict[int, str] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case BatchCompleted():
                now = time.monotonic()
                if self._progress is not None and now >= self._progress_at + self._progress:
                    self._progress_at = now
                    self._write(self._on_the_way(event))
            case RunPaused():
                self._write("paused")
            case PreparationAdvanced():
                if event.step != self._said:
                    self._said = event.step
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

    def _on_the_way(self, event: BatchCompleted) -> str:
        """ "epoch 3/20, training 40 %, 4,100 images/s, 1:02 left": whole sentences' worth, nothing drawn."""
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
            sys.stderr.write(f"cifar-tui: {event.message}\n")
            if event.detail:
                sys.stderr.write(event.detail)
        if isinstance(event, RunStopped):
            self._write(f"stopped in epoch {event.epoch}, batch {event.step} ({event.reason})")
        if isinstance(event, RunCompleted):
            self._write(f"done in {event.seconds:.1f} s")
        for line in summary(event)[isinstance(event, RunFailed) :]:
            self._write(line)
