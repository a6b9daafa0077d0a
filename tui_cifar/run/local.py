"""A run that is trained in this process, by the engine in a thread of its own."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from engine.config.schema import Config
from engine.events.buffer import EventBuffer
from engine.events.commands import Command, InspectImage, Stop
from engine.events.types import Event, InspectionFailed, RunEnded, RunFailed, RunStarted
from engine.storage.find_runs import run_of
from engine.training.control import Control
from tui_cifar.run.best_weights import BestWeights
from tui_cifar.run.client import Capabilities

Listener = Callable[[Event], None]
"""Receives the events in the training thread (`engine.session.session.Listener`)."""

Engine = Callable[[Config, Control, Listener], object]
"""Trains in the calling thread until the end; `engine.session.session.run`, or a script in its place."""


def real_engine(resume: Path | None) -> Engine:
    """The engine itself, to start a new run or to continue `resume`. Other processes can watch and control the run."""

    def engine(config: Config, control: Control, listener: Listener) -> object:
        from engine.remote.host import Host
        from engine.session.session import run

        with Host(listener, control, None if resume is None else run_of(resume)) as host:
            return run(config, control, host, resume=resume)

    return engine


class LocalRun:
    """A `RunClient` whose run lives in a daemon thread.

    Args:
        resumed: the run directory, or the checkpoint in one, that `engine` continues from.
    """

    def __init__(self, config: Config, engine: Engine, *, resumed: Path | None = None) -> None:
        self.config, self.resumed, self.control = config, resumed, Control()
        self._engine = engine
        self._buffer = EventBuffer()
        self._best_weights = BestWeights(self._buffer.put)
        self._directory: Path | None = None
        self._ended = False
        self._lock = threading.Lock()
        """So that no image is left to a training thread that looks no more."""
        self._thread = threading.Thread(target=self._work, name="training", daemon=True)

    @property
    def capabilities(self) -> Capabilities:
        under_way, started, paused = not self._ended, self._directory is not None, self.control.paused
        return Capabilities(
            pause=under_way and not paused,
            resume=under_way and paused,
            save=under_way,
            evaluate=under_way and started,
            stop=under_way and self.alive,
            inspect=started or (under_way and self.alive),
            hosted=True,
        )

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self, wake: Callable[[], object]) -> None:
        self._buffer.wake = wake
        self._thread.start()

    def events(self) -> list[Event]:
        return self._buffer.take()

    def send(self, command: Command) -> None:
        with self._lock:
            if isinstance(command, InspectImage) and self._ended:
                self._inspect(command)
            else:
                self.control.send(command)

    def join(self, seconds: float | None = None) -> bool:
        if self._thread.ident is None:  # never started
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def close(self, reason: str) -> None:
        self.send(Stop(reason=reason))

    def _work(self) -> None:
        _name_thread("training")
        try:
            self._engine(self.config, self.control, self._listen)
        except BaseException as e:  # the engine ends its runs itself; whoever waits must hear of the end all the same
            self._listen(
                RunFailed(
                    title="Training failed",
                    message=f"{type(e).__name__}: {e}",
                    kind="engine",
                    detail=traceback.format_exc(),
                )
            )
        with self._lock:
            self._ended = True
            for command in self.control.take_inspections():
                self._inspect(command)

    def _listen(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._directory = Path(event.directory)
        elif isinstance(event, RunEnded):
            self._ended = True
        self._buffer.put(event)

    def _inspect(self, command: InspectImage) -> None:
        """Once the run has ended, the best weights answer."""
        if self._directory is None:
            self._buffer.put(InspectionFailed(id=command.id, reason="There is no network yet."))
        else:
            self._best_weights.inspect(self._directory, command)


def _name_thread(name: str) -> None:
    """Give this thread, and those that it starts, a name that `top -H` shows. Python itself names them since 3.14."""
    try:
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name)
    except OSError:  # no Linux
        pass
