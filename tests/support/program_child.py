"""What runs inside the processes of `tests/support/program.py`: the command, with faults injected."""

from __future__ import annotations

import mmap
import os
import signal
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

PHASES = ("starting", "preparing", "training", "validating", "testing", "ending")
PHASE_AFTER = {
    "preparation_advanced": "preparing",
    "epoch_started": "training",
    "validation_started": "validating",
    "epoch_completed": "training",
    "test_started": "testing",
    "test_completed": "ending",
}
"""The phase that begins with an event."""
SAVE_POINTS = ("half-written", "written", "synced", "renamed", "before best.pt")


@dataclass(frozen=True)
class Plan:
    """What happens to the process, and where."""

    signal: int = 0
    """A signal that it sends itself; 0 for none."""
    event: str = ""
    """… when it reports this event, or comes to "validation batch N", for the `count`-th time, or"""
    save: str = ""
    """… at this point of `SAVE_POINTS` of its `count`-th save, or at "saving", its beginning."""
    count: int = 1
    hanging_saves: bool = False
    """Whether each save hangs for a minute."""
    batch_delay: float = 0.0
    """Seconds that each training batch takes longer than it would."""
    cifar10_url: str = ""
    """Where CIFAR-10 is downloaded from."""
    raw_output: str = ""
    """What a library written in C prints to file descriptors 1 and 2 whenever an epoch begins."""
    evaluation_batch: int = 0
    """Images per batch of an evaluation; 0 for the program's own choice."""
    ignored: tuple[int, ...] = ()
    """Signals that are ignored when it starts, as under nohup."""


def run_program(
    arguments: list[str],
    folder: Path,
    plan: Plan,
    state_file: Path,
    *,
    files: tuple[str, str, str],
    env: dict[str, str],
) -> None:
    """Run the command with these standard files and exit with its code."""
    os.setsid()
    os.chdir(folder)
    os.environ.update(env)
    _open_files(files)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in plan.ignored:
        signal.signal(ignored, signal.SIG_IGN)
    with state_file.open("r+b") as f:
        Injection(plan, mmap.mmap(f.fileno(), mmap.PAGESIZE)).install()
    from tui_cifar.cli.main import main

    try:
        code = main(arguments)
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, AttributeError):
            pass
    os._exit(code)


def _open_files(files: tuple[str, str, str]) -> None:
    for number, path in enumerate(files):
        opened = os.open(path, os.O_RDWR | (0 if path.startswith("/dev/") else os.O_APPEND))
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115


class Injection:
    """Keeps `state` up to date, and carries out the plan.

    Events and batches are observed by the engine's own listener and hook. Below a save there is no hook: `write_atomic`, `fsync`
    and `Path.replace` are replaced.
    """

    def __init__(self, plan: Plan, state: mmap.mmap) -> None:
        self.plan, self.state = plan, state
        self.reached = Counter[str]()

    def at(self, place: str) -> None:
        """The process is at a place: send the signal if it is the one."""
        self.reached[place] += 1
        if self.plan.signal and self.reached[place] == self.plan.count and place in (self.plan.event, self.plan.save):
            os.kill(os.getpid(), self.plan.signal)
            if not self.plan.batch_delay:  # phases last milliseconds here: let it arrive before they are over
                time.sleep(0.5)

    def install(self) -> None:
        from engine.runtime import atomic_io
        from engine.session import session
        from engine.storage import checkpoint_writer
        from engine.training import evaluate

        self._write_atomic, self._fsync, self._replace = atomic_io.write_atomic, os.fsync, Path.replace
        checkpoint_writer.write_atomic = self._write
        os.fsync = self._sync  # type: ignore[assignment]
        Path.replace = lambda path, target: self._rename(path, target)  # type: ignore[method-assign,assignment,misc]
        session.run = partial(self._run, session.run)  # type: ignore[assignment]
        if self.plan.evaluation_batch:
            evaluate.BATCH_SIZE = self.plan.evaluation_batch
        if self.plan.cifar10_url:
            from torchvision.datasets import CIFAR10

            CIFAR10.url = self.plan.cifar10_url

    def _run(
        self, run: Callable[..., object], config: Any, control: Any, listener: Callable[..., object], **options: Any
    ) -> object:
        from engine.events.codec import name_of
        from engine.events.types import Event, PreparationAdvanced
        from engine.training.hooks import Hook
        from engine.training.state import TrainingState

        plan, at = self.plan, self.at

        def listen(event: Event) -> None:
            name = name_of(event)
            if name in PHASE_AFTER:
                self.state[0] = PHASES.index(PHASE_AFTER[name])
            listener(event)
            if name == "epoch_started" and plan.raw_output:
                for number in (1, 2):
                    os.write(number, plan.raw_output.encode())
            at(f"{name}: {event.step}" if isinstance(event, PreparationAdvanced) else name)

        class BatchHook(Hook):
            def before_batch(self, state: TrainingState, batch: int) -> None:
                if state.phase == "validating":
                    at(f"validation batch {batch}")
                elif state.phase == "training" and plan.batch_delay:
                    time.sleep(plan.batch_delay)

        return run(config, control, listen, hook=BatchHook(), **options)

    def _write(self, path: Path, content: bytes) -> None:
        if path.parent.name != "checkpoints":
            self._write_atomic(path, content)
            return
        self.state[1] = 1
        if path.name == "best.pt":
            self.at("before best.pt")
        self.at("saving")
        if self.plan.hanging_saves:
            time.sleep(60)
        if self.plan.save == "half-written":
            path.with_name(f".{path.name}.{os.getpid()}.tmp").write_bytes(content[: len(content) // 2])
            self.at("half-written")
        self._write_atomic(path, content)
        self.state[1] = 0

    def _sync(self, descriptor: int) -> None:
        saving = self.state[1] and stat.S_ISREG(os.fstat(descriptor).st_mode)
        if saving:
            self.at("written")
        self._fsync(descriptor)
        if saving:
            self.at("synced")

    def _rename(self, path: Path, target: Path) -> Path:
        moved = self._replace(path, target)
        if self.state[1]:
            self.at("renamed")
        return moved
