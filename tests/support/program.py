"""The program in real processes, each started within milliseconds: forked from a server that has imported PyTorch already.

A process runs `tui_cifar.cli.main.main` as the command does, in a session of its own, with a terminal or without. A `Plan` makes it
fail in a chosen place, on any machine: it sends itself a signal there, or a save hangs, or a library prints.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.support.program_child import PHASES, Plan, run_program


@dataclass
class Program:
    """A running process."""

    process: BaseProcess
    state: mmap.mmap
    """Shared with the process: the index of its phase, and whether it is saving."""
    output: Path
    """Its standard output and error, unless it has a terminal."""

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def phase(self) -> str:
        """What it is doing, or was doing when it ended: "saving" or one of `PHASES`."""
        return "saving" if self.state[1] else PHASES[self.state[0]]

    @property
    def alive(self) -> bool:
        return self.process.is_alive()

    def wait(self, seconds: float = 120) -> int:
        """Its exit code once it has ended; -9 if it was killed."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, f"still {self.phase} after {seconds} s"
        return self.process.exitcode

    def until(self, condition: Callable[[], object], seconds: float = 120) -> None:
        """Wait until a condition holds; fails if the process ends before."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"it never holds; {self.phase}, output {self.text()[-2000:]}"
            assert self.alive or condition(), f"it ended with {self.process.exitcode}: {self.text()[-2000:]}"
            time.sleep(0.005)

    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def end(self) -> None:
        """Kill it if it is alive."""
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
    """Start `cifar-tui ARGUMENTS` in `folder`, on the terminal of the given name if there is one."""
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
        target=run_program,
        args=(arguments, folder, plan or Plan(), state_file),
        kwargs={"files": (terminal,) * 3 if terminal else (os.devnull, str(output), str(output)), "env": variables},
        daemon=True,
    )
    process.start()
    return Program(process, state, output)
