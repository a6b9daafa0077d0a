"""The training thread: owns the thread that the engine runs in, and the way from its events to whoever shows them."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path

from engine.config.schema import Config
from engine.events.types import BatchCompleted, Event, LossSampled, PreparationAdvanced, RunFailed
from engine.training.control import Control

Listener = Callable[[Event], None]
"""Receives the events, in the training thread (`engine.session.session.Listener`)."""

Engine = Callable[[Config, Control, Listener], object]
"""Runs to the end in the calling thread, telling the listener; `engine.session.session.run` or a script in its place."""


def real_engine(resume: Path | None) -> Engine:
    """The engine itself, to start a new run or to go on with `resume`."""

    def engine(config: Config, control: Control, listener: Listener) -> object:
        from engine.session.session import run

        return run(config, control, listener, resume=resume)

    return engine


class Worker:
    """One run in a daemon thread.

    Frequent events wait in place until they are taken: only the latest `BatchCompleted` and `PreparationAdvanced` is
    kept, so a slow screen never holds up the training. `wake` is called, from the training thread, for the rare ones.
    """

    def __init__(self, config: Config, engine: Engine, wake: Callable[[], object]) -> None:
        self.config, self.control = config, Control()
        self._engine, self._wake = engine, wake
        self._events: deque[Event] = deque()
        self._latest: Event | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="training", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread is still at work."""
        return self._thread.is_alive()

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the end; True once it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def take(self) -> list[Event]:
        """All events since the last call, in order, the latest progress after them."""
        with self._lock:
            events = [*self._events, *([self._latest] if self._latest else [])]
            self._events.clear()
            self._latest = None
        return events

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

    def _listen(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, (BatchCompleted, PreparationAdvanced)):
                self._latest = event
                return
            self._latest = None  # what it told lies before this event
            self._events.append(event)
        if not isinstance(event, LossSampled):
            self._wake()


def _name_thread(name: str) -> None:
    """Give this thread, and those that it starts, a name that `top -H` shows. Python itself names them since 3.14."""
    try:
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name)
    except OSError:  # no Linux
        pass
