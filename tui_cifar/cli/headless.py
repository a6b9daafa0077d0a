"""Training without a dashboard: in the foreground, with signals and an output that may go away."""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path

from engine.config.schema import Config
from engine.events.commands import Stop
from engine.events.types import Event, RunEnded
from tui_cifar.cli.outcome import exit_code
from tui_cifar.cli.printers import JsonPrinter, PlainPrinter
from tui_cifar.run.local import Engine, real_engine
from tui_cifar.terminal.signals import EXIT_CODES, Signals


def run_headless(
    config: Config,
    resume: Path | None,
    *,
    as_json: bool,
    progress: float | None = None,
    engine: Engine | None = None,
    on_hangup: str | None = None,
) -> int:
    """Train in the foreground and return the exit code. The first signal stops the run and saves, the second exits at once.

    Args:
        config: what to train.
        resume: the run directory, or the checkpoint file, to continue from.
        as_json: print events as JSON instead of readable lines.
        progress: seconds between lines of progress; None for no such lines.
        engine: trains; another one in tests.
        on_hangup: "stop" if the run is to stop when its terminal goes away; "continue" if it is to continue even when a pipe
            that it prints to is closed, which stops it otherwise, as for `head`.
    """
    import threading

    from engine.training.control import Control

    control = Control()
    signals = Signals()
    signals.install()
    if on_hangup != "stop":
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
            pipe_closed, terminal_gone = e.errno == errno.EPIPE, e.errno == errno.EIO
            if (pipe_closed and on_hangup != "continue") or (terminal_gone and on_hangup == "stop"):
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
    return exit_code(ended[0]) if ended else 1  # no end means that the thread died, and has said so


def _drop_output() -> None:
    """Discard all further output: nobody can read it, or the disk is full."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _write(line: str) -> None:
    """Write a line to standard output, in characters that its encoding has."""
    encoding = sys.stdout.encoding or "ascii"
    if encoding.lower().replace("-", "") != "utf8":
        line = line.replace("→", "->").replace("×", "x")
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()
