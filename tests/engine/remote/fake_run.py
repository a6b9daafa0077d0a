"""A run that trains nothing: it writes and publishes events as a session does, and obeys commands. Starts within a moment.

As a program, `python -m tests.engine.remote.fake_run DIRECTORY`, it runs until it is stopped.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.events.codec import to_json
from engine.events.commands import Command, InspectImage, Pause, Resume, Stop
from engine.events.types import (
    BatchCompleted,
    EpochStarted,
    Event,
    InspectionFailed,
    LineLogged,
    LossSampled,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
)
from engine.remote import server
from engine.remote.host import Host
from engine.storage.run_directory import RunDirectory

CONFIG = {"recipe": "fast", "dataset": "shapes", "model": "airbench", "epochs": 12}


def record(run: Path, *events: Event) -> Path:
    """A run directory that nobody has in hand."""
    (run / "checkpoints").mkdir(parents=True)
    (run / "lock").touch()
    (run / "config.json").write_text(json.dumps({"config": CONFIG, "device": "cuda", "device_name": "H100"}))
    (run / "events.jsonl").write_text("".join(to_json(event) + "\n" for event in events))
    return run


@dataclass
class FakeControl:
    """Keeps the commands that it is sent, and who sent them."""

    commands: list[tuple[Command, str]] = field(default_factory=list)

    def send(self, command: Command, *, by: str = "") -> None:
        self.commands.append((command, by))


def run_started(directory: Path) -> RunStarted:
    return RunStarted(
        name=directory.name,
        directory=str(directory),
        config=CONFIG,
        device="cpu",
        device_name="EPYC",
        reason="no CUDA",
        dataset="shapes",
        counts={"train": 300, "valid": 100, "test": 100},
        class_names=("cat", "dog"),
        parameters=1234,
        epochs=12,
        steps_per_epoch=10,
        threads=1,
        versions={},
    )


def progress(step: int, phase: str = "training") -> BatchCompleted:
    values = {"phase": phase, "epoch": 1, "step": step, "steps": 10, "time": float(step)}
    return BatchCompleted(**values, images_per_second=4000.0, seconds_left=61.5)


class FakeRun:
    """Holds a run directory, and emits events under a lock as a session does."""

    def __init__(self, path: Path, *, resumed: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if resumed:
            self.directory = RunDirectory(path)
            self.directory.lock()
        else:
            self.directory = RunDirectory.create(path.parent, path.name, "")
            self.directory.write_config({"config": CONFIG, "device": "cpu", "device_name": "EPYC"})
        self.control = FakeControl()
        self.told: list[Event] = []
        """All events in order."""
        self.host = self.new_host()
        self._lock = threading.RLock()

    @property
    def path(self) -> Path:
        return self.directory.path

    def new_host(self) -> Host:
        return Host(self.told.append, self.control)

    def start(self) -> None:
        self.emit(run_started(self.path))

    def emit(self, event: Event) -> None:
        with self._lock:
            if not event.live:
                try:
                    self.directory.append(event)
                except OSError:
                    pass
            self.host(event)

    def samples(self, first: int, count: int) -> None:
        for step in range(first, first + count):
            self.emit(LossSampled(epoch=1, step=step, steps=10_000, train_loss=1 / step))

    def stop(self, reason: str = "asked to stop") -> None:
        self.emit(RunStopped(epoch=1, step=5, reason=reason, saved=None))
        self.directory.close()

    def work(self, chatter: str = "") -> None:
        """Emit events until a command stops it; with each step, a line of log."""
        self.start()
        self.emit(EpochStarted(epoch=1, learning_rate=0.1))
        step, done = 0, 0
        while True:
            step += 1
            self.samples(step, 1)
            if chatter:
                self.emit(LineLogged(source="library", text=chatter))
            self.emit(progress(step))
            for command, by in self.control.commands[done:]:
                done += 1
                match command:
                    case Pause():
                        self.emit(RunPaused(phase="training", epoch=1, step=step, by=by))
                    case Resume():
                        self.emit(RunResumed(phase="training", epoch=1, step=step, seconds=1.0, by=by))
                    case InspectImage():
                        self.emit(InspectionFailed(id=command.id, reason=f"not here, {by}"))
                    case Stop():
                        self.stop(command.reason)
                        return
            time.sleep(0.01)


def _listen_nowhere() -> Any:
    raise OSError("no directory is usable")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if "--no-socket" in sys.argv:
        server.listen = _listen_nowhere
    FakeRun(target, resumed=target.exists()).work("x" * 100_000 if "--chatty" in sys.argv else "")
