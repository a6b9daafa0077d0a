"""What the end of an event log says about a run. The rest of the log is not read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.events.codec import from_json, name_of
from engine.events.types import (
    EpochCompleted,
    Event,
    RunCompleted,
    RunEnded,
    TestCompleted,
)
from engine.remote.liveness import State

_BLOCK = 16384
_MOST_LINES = 2**20
"""Bytes at the end that are searched for the current phase."""
_MOST_BEST = 2**23
"""Bytes at the end that are searched for the best epoch."""
_START = b'{"event": "'
_TIME = re.compile(rb'\{"event": "\w+", "time": ([0-9]{1,12}(?:\.[0-9]{1,9})?),')
_BEST = b'"best": true}\n'
_PHASES = {
    b"run_started": State.TRAINING,
    b"epoch_started": State.TRAINING,
    b"loss_sampled": State.TRAINING,
    b"epoch_completed": State.TRAINING,
    b"validation_started": State.VALIDATING,
    b"test_started": State.TESTING,
    b"test_completed": State.TESTING,
    b"run_paused": State.PAUSED,
    b"run_resumed": None,
    b"run_completed": State.DONE,
    b"run_stopped": State.STOPPED,
    b"run_failed": State.FAILED,
}
"""The events that change the state of a run; `RunResumed` restores the one before the pause."""
_RESUMED = {"training": State.TRAINING, "validating": State.VALIDATING, "testing": State.TESTING}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEnd:
    """The end of a log, and the time of its first event."""

    state: State = State.PREPARING
    """According to the log alone: of a crashed run, the state that it was in."""
    started: float | None = None
    """Time of the first event, in Unix seconds."""
    last: float | None = None
    """Time of the event that `state` follows from, in Unix seconds."""
    changed: float = 0.0
    """Modification time of the file, in Unix seconds."""
    epoch: int = 0
    """The current or last epoch; 0 before the first."""
    best_epoch: int | None = None
    best_accuracy: float | None = None
    """Validation accuracy of `best_epoch`."""
    test_accuracy: float | None = None
    seconds: float | None = None
    """Training time of a completed run, without pauses."""


def read_log_end(path: Path | str) -> LogEnd | None:
    """Read the end of an `events.jsonl`; None if there is no such file."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            return None
        return _read(file, found.st_size, found.st_mtime)
    except OSError:
        return None
    finally:
        os.close(file)


def _read(file: int, size: int, changed: float) -> LogEnd:
    beginning = _TIME.match(os.pread(file, 128, 0))
    started = None if beginning is None else float(beginning[1])
    newest: Event | None = None
    epoch = 0
    for line in _lines_backwards(file, size):
        event = _event(line) if _name(line) in _PHASES else None
        newest = newest or event
        epoch = getattr(event, "epoch", 0)
        if epoch or isinstance(event, RunCompleted):
            break
    if newest is None:
        state = State.PREPARING if size < _MOST_LINES else State.TRAINING
        return LogEnd(state=state, started=started, changed=changed)
    best: EpochCompleted | RunEnded | None = newest if isinstance(newest, RunEnded) else _best_epoch(file, size)
    end = LogEnd(state=_state(newest), started=started, last=newest.time, changed=changed, epoch=epoch)
    match best:
        case EpochCompleted():
            end = replace(end, best_epoch=best.epoch, best_accuracy=best.valid_accuracy)
        case RunEnded():
            end = replace(end, best_epoch=best.best_epoch, best_accuracy=best.best_valid_accuracy)
    match newest:
        case RunCompleted():
            end = replace(end, epoch=newest.epochs, test_accuracy=newest.test_accuracy, seconds=newest.seconds)
        case TestCompleted():
            end = replace(end, test_accuracy=newest.accuracy)
    return end


def _state(newest: Event) -> State:
    return _PHASES[name_of(newest).encode()] or _RESUMED.get(getattr(newest, "phase", ""), State.TRAINING)


def _best_epoch(file: int, size: int) -> EpochCompleted | None:
    """The last epoch that was the best so far; None if that is too far back."""
    end = size
    while end > max(0, size - _MOST_BEST):
        start = max(0, end - 16 * _BLOCK)
        block = os.pread(file, end - start + len(_BEST) - 1, start)
        found = block.rfind(_BEST)
        if found >= 0:
            line_end = start + found + len(_BEST) - 1
            line_start = max(0, line_end - 16 * _BLOCK)
            line = os.pread(file, line_end - line_start, line_start).rpartition(b"\n")[2]
            event = _event(line)
            return event if isinstance(event, EpochCompleted) else None
        end = start
    return None


def _lines_backwards(file: int, size: int) -> Iterator[bytes]:
    """The lines at the end of a file, last line first."""
    position, rest = size, b""
    while position > max(0, size - _MOST_LINES):
        start = max(0, position - _BLOCK)
        rest = os.pread(file, position - start, start) + rest
        position = start
        first, *lines = rest.split(b"\n")
        if start == 0:
            lines, first = [first, *lines], b""
        yield from reversed(lines)
        rest = first


def _name(line: bytes) -> bytes:
    """The name of the event on a line."""
    return line[len(_START) : line.find(b'"', len(_START))] if line.startswith(_START) else b""


def _event(line: bytes) -> Event | None:
    try:
        return from_json(line.decode("utf-8", "replace"))
    except ValueError:
        return None
