"""One-line summaries of all runs in a directory, made from the ends of their logs so that a thousand are read in no time."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.remote.host_file import NAME as HOST
from engine.remote.host_file import HostFile, read_host_file
from engine.remote.liveness import State, is_alive
from engine.remote.log_end import LogEnd, read_log_end
from engine.remote.progress_file import NAME as PROGRESS
from engine.remote.progress_file import read_progress
from engine.remote.small_files import read_object

SILENT_SECONDS = 30.0
"""If the files of a run on another machine have not changed for this long, its state is unknown."""
_MAX_CONFIG = 2**20
_ENDED = (State.DONE, State.STOPPED, State.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in one line. Unknown values are "" or None. Text is as found in the files: escape it before showing it."""

    path: Path
    state: State
    recipe: str = ""
    dataset: str = ""
    network: str = ""
    device: str = ""
    epoch: int = 0
    """The current or last epoch; 0 before the first."""
    epochs: int = 0
    """Number of epochs to train."""
    best_accuracy: float | None = None
    """Validation accuracy of `best_epoch`, from 0 to 1."""
    best_epoch: int | None = None
    test_accuracy: float | None = None
    """From 0 to 1."""
    seconds_left: float | None = None
    """Of a live run, as estimated by itself."""
    seconds: float | None = None
    """Training time of a completed run; of others, the time between the first and the last event, pauses included."""
    started: float | None = None
    """In Unix seconds."""
    last_word: float | None = None
    """When the run last wrote to its files, in Unix seconds."""
    hostname: str = ""
    """Set if the run is trained on another machine."""

    @property
    def name(self) -> str:
        return self.path.name

    def age(self, now: float | None = None) -> float | None:
        """Seconds since the start; 0 if the clock was set back."""
        now = time.time() if now is None else now
        return None if self.started is None else max(0.0, now - self.started)


def summarize(directory: Path) -> RunSummary | None:
    """Summarize a run; None if the directory is not that of a run."""
    end = read_log_end(directory / "events.jsonl")
    config = read_object(directory / "config.json", _MAX_CONFIG)
    host = read_host_file(directory)
    if end is None and config is None and is_alive(directory, host) is not True:
        return None
    return _summary(directory, end or LogEnd(), config or {}, host)


def newest_live_run(runs_dir: Path) -> RunSummary | None:
    """The run that was started last of those that a process is working on; None if there is none."""
    return next((run for run in RunScanner(runs_dir).scan() if run.state.is_live), None)


class RunScanner:
    """Summarizes all runs in a directory, repeatedly. Runs that have ended are read again only if their files change."""

    def __init__(self, runs_dir: Path) -> None:
        self._runs_dir = runs_dir
        self._ended: dict[str, tuple[object, RunSummary]] = {}

    def scan(self) -> list[RunSummary]:
        """The summaries of all runs, newest first; empty if the directory can't be read."""
        try:
            with os.scandir(self._runs_dir) as entries:
                paths = [entry.path for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
        except OSError:
            paths = []
        found = [summary for path in paths if (summary := self._summarize(path)) is not None]
        self._ended = {path: self._ended[path] for path in paths if path in self._ended}
        return sorted(found, key=lambda run: (run.started or 0.0, run.name), reverse=True)

    def _summarize(self, path: str) -> RunSummary | None:
        version = [_version(f"{path}/{name}") for name in ("events.jsonl", "config.json", HOST)]
        kept = self._ended.get(path)
        if kept is not None and kept[0] == version:
            return kept[1]
        summary = summarize(Path(path))
        if summary is not None and summary.state in _ENDED and version[2] is None:
            self._ended[path] = version, summary
        return summary


def _version(path: str) -> tuple[int, int, int] | None:
    """Changes whenever a file does; None if there is no such file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - making a Path takes longer
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _summary(directory: Path, end: LogEnd, config: dict[str, Any], host: HostFile | None) -> RunSummary:
    state = run_state(directory, end, host)
    progress = read_progress(directory) if state.is_live else None
    settings = config.get("config")
    settings = settings if isinstance(settings, dict) else {}
    seconds = end.seconds
    if seconds is None and end.started is not None and end.last is not None:
        seconds = max(0.0, end.last - end.started)
    return RunSummary(
        path=directory,
        state=state,
        recipe=_text(settings, "recipe"),
        dataset=_text(settings, "dataset"),
        network=_text(settings, "model"),
        device=_text(config, "device_name") or _text(config, "device"),
        epoch=end.epoch,
        epochs=_count(settings, "epochs"),
        best_accuracy=end.best_accuracy,
        best_epoch=end.best_epoch,
        test_accuracy=end.test_accuracy,
        seconds_left=getattr(progress.event, "seconds_left", None) if progress is not None else None,
        seconds=seconds,
        started=end.started,
        last_word=last_word(directory),
        hostname="" if host is None or host.is_here else host.hostname,
    )


def run_state(directory: Path, end: LogEnd, host: HostFile | None) -> State:
    """The state of a run.

    Args:
        directory: the run directory.
        end: the end of its log.
        host: the content of its `host.json`.
    """
    ended = not end.state.is_live
    if ended and (host is None or _changed(directory / HOST) < end.changed):
        return end.state
    alive = is_alive(directory, host)
    if alive:
        return State.PREPARING if ended else end.state  # it has ended before, and is being resumed
    if ended:
        return end.state
    if alive is None:
        return end.state if abs(time.time() - last_word(directory)) < SILENT_SECONDS else State.UNKNOWN
    return State.CRASHED


def last_word(directory: Path) -> float:
    """When the log or the progress of a run was last written, in Unix seconds; 0 for never."""
    return max(_changed(directory / "events.jsonl"), _changed(directory / PROGRESS))


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _count(values: dict[str, Any], name: str) -> int:
    value = values.get(name)
    return value if type(value) is int and 0 <= value < 2**31 else 0
