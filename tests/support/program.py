"""The program in real processes, each started within milliseconds: forked from a server that has imported PyTorch already.

A process runs `tui_cifar.cli.main.main` as the command does, in a session of its own, with a terminal or without. A `Plan` has it
send itself a signal at a chosen place, so that the signal meets that place on any machine; whoever holds the process may send
others at any time.
"""

from __future__ import annotations

import importlib
import mmap
import multiprocessing
import os
import signal
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

PRELOADED = (
    "torch",
    "engine.session.session",
    "engine.training.trainer",
    "engine.data.folder",
    "tui_cifar.cli.main",
    "tui_cifar.cli.headless",
    "tui_cifar.app.app",
)
PHASES = ("starting", "preparing", "training", "validating", "testing", "ending")
_PHASE_OF = {
    "preparation_advanced": "preparing",
    "epoch_started": "training",
    "validation_started": "validating",
    "epoch_completed": "training",
    "test_started": "testing",
    "test_completed": "ending",
}
SAVE_POINTS = ("half-written", "written", "synced", "renamed", "before best.pt")


@dataclass(frozen=True)
class Plan:
    """What the process does to itself."""

    signal: int = 0
    """The signal it sends itself; 0 for none."""
    event: str = ""
    """… when it tells this event, or comes to "validation batch N", the `count`-th time, or"""
    save: str = ""
    """… at this point of `SAVE_POINTS` of its `count`-th save."""
    count: int = 1
    hang: bool = False
    """Whether saves hang for a minute."""
    pace: float = 0.0
    """Seconds that each batch takes beside its own few milliseconds."""
    download: str = ""
    """An address that CIFAR-10 is to be had from."""
    shout: str = ""
    """What a library written in C prints to file descriptors 1 and 2 when training begins."""
    evaluation_batch: int = 0
    """Images a batch of evaluation, 0 for the program's own."""
    ignore: tuple[int, ...] = ()
    """Signals that whoever starts it has ignored."""


@dataclass
class Program:
    """A running process."""

    process: BaseProcess
    state: mmap.mmap
    output: Path
    """Its standard output and error, where it has no terminal."""
    seen: bytearray = field(default_factory=bytearray)

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def phase(self) -> str:
        """Where it is, or was when it ended."""
        return "saving" if self.state[1] else PHASES[self.state[0]]

    @property
    def alive(self) -> bool:
        return self.process.is_alive()

    def wait(self, seconds: float = 120) -> int:
        """Its exit code once it has ended; -9 where it was killed."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, f"still {self.phase} after {seconds} s"
        return self.process.exitcode

    def until(self, condition: Callable[[], object], seconds: float = 120) -> None:
        """Wait for something to be so."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"never so; {self.phase}, output {self.text()[-2000:]}"
            assert self.alive or condition(), f"it ended with {self.process.exitcode}: {self.text()[-2000:]}"
            time.sleep(0.005)

    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def end(self) -> None:
        """Kill it, if it still lives."""
        if self.alive:
            self.process.kill()
            self.process.join()


def start(
    arguments: list[str],
    folder: Path,
    plan: Plan | None = None,
    *,
    terminal: str = "",
    env: dict[str, str] | None = None,
) -> Program:
    """Start `cifar-tui ARGUMENTS` in `folder`, on the terminal of that name where one is given."""
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob("output-*")))
    output, state_file = folder / f"output-{number}", folder / "state"
    state_file.write_bytes(bytes(mmap.PAGESIZE))
    with state_file.open("r+b") as f:
        state = mmap.mmap(f.fileno(), mmap.PAGESIZE)
    output.touch()
    # The server may have been started by another test, which had another folder for sockets.
    variables = {"XDG_RUNTIME_DIR": os.environ.get("XDG_RUNTIME_DIR", ""), **(env or {})}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.program_preload"])
    process = context.Process(
        target=_child,
        args=(arguments, str(folder), plan or Plan(), terminal, str(output), str(state_file), variables),
        daemon=True,
    )
    process.start()
    return Program(process, state, output)


# -- in the process ---------------------------------------------------------------------------------------------------------


def _child(
    arguments: list[str], folder: str, plan: Plan, terminal: str, output: str, state_file: str, env: dict[str, str]
) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.update(env)
    _open_files(terminal, output)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in plan.ignore:
        signal.signal(ignored, signal.SIG_IGN)
    with Path(state_file).open("r+b") as f:
        _instrument(plan, mmap.mmap(f.fileno(), mmap.PAGESIZE))
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


def _open_files(terminal: str, output: str) -> None:
    for number in range(3):
        path = terminal or (os.devnull if number == 0 else output)
        opened = os.open(path, os.O_RDWR | (0 if terminal else os.O_APPEND))
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115


def _instrument(plan: Plan, state: mmap.mmap) -> None:
    """Keep `state` up to date, and do what the plan says."""
    from engine.events.codec import name_of
    from engine.events.types import Event
    from engine.runtime import atomic_io as files
    from engine.session import session
    from engine.storage import checkpoint_writer
    from engine.training import evaluate
    from engine.training.hooks import Hook
    from engine.training.state import TrainingState

    run, write_atomic, fsync, replace = session.run, files.write_atomic, os.fsync, Path.replace
    counts: Counter[str] = Counter()

    def send(place: str) -> None:
        counts[place] += 1
        if plan.signal and counts[place] == plan.count and place in (plan.event, plan.save):
            os.kill(os.getpid(), plan.signal)
            if not plan.pace:  # phases that last milliseconds here: let it arrive before they are over
                time.sleep(0.5)

    def listen_and_send(listener: Callable[[Event], None], event: Event) -> None:
        name = name_of(event)
        if name in _PHASE_OF:
            state[0] = PHASES.index(_PHASE_OF[name])
        listener(event)
        if name == "epoch_started" and plan.shout:
            for number in (1, 2):
                os.write(number, plan.shout.encode())
        send(f"{name}: {event.step}" if name == "preparation_advanced" else name)  # type: ignore[attr-defined]

    def write(path: Path, content: bytes) -> None:
        if path.parent.name != "checkpoints":
            write_atomic(path, content)
            return
        state[1] = 1
        if path.name == "best.pt":
            send("before best.pt")
        send("saving")
        if plan.hang:
            time.sleep(60)
        if plan.save == "half-written":
            path.with_name(f".{path.name}.{os.getpid()}.tmp").write_bytes(content[: len(content) // 2])
            send("half-written")
        write_atomic(path, content)
        state[1] = 0

    def sync(descriptor: int) -> None:
        if state[1] and stat.S_ISREG(os.fstat(descriptor).st_mode):
            send("written")
            fsync(descriptor)
            send("synced")
        else:
            fsync(descriptor)

    def rename(self: Path, target: Path) -> Path:
        moved = replace(self, target)
        if state[1]:
            send("renamed")
        return moved

    class PlanHook(Hook):
        def before_batch(self, state: TrainingState, batch: int) -> None:
            if state.phase == "validating":
                send(f"validation batch {batch}")
            elif state.phase == "training" and plan.pace:
                time.sleep(plan.pace)

    def run_by_plan(config: Any, control: Any, listener: Callable[[Event], None], **options: Any) -> Any:
        return run(config, control, partial(listen_and_send, listener), hook=PlanHook(), **options)

    session.run = run_by_plan  # type: ignore[assignment]
    checkpoint_writer.write_atomic = write
    os.fsync = sync  # type: ignore[assignment]
    Path.replace = rename  # type: ignore[method-assign,assignment]
    if plan.evaluation_batch:
        evaluate.BATCH_SIZE = plan.evaluation_batch
    if plan.download:
        from torchvision.datasets import CIFAR10

        CIFAR10.url = plan.download


def preload() -> None:
    """In the server, once."""
    for name in PRELOADED:
        importlib.import_module(name)
