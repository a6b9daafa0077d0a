"""A run that another process trains."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from engine.events.buffer import EventBuffer
from engine.events.commands import Command, InspectImage, Stop
from engine.events.types import Event, InspectionFailed, RunEnded, RunPaused, RunResumed, RunStarted
from engine.remote.channel import default_name
from engine.remote.connection import Connection, Link
from engine.remote.liveness import State
from tui_cifar.run.best_weights import BestWeights
from tui_cifar.run.client import Capabilities
from tui_cifar.run.client_events import ClientNotice, ProcessFound, ProcessLost

JOIN_POLL_SECONDS = 0.1
HOST = "its own process"
"""How `RunPaused.by` and `RunResumed.by` name the process that trains the run."""


class RemoteRun:
    """A `RunClient` that watches and controls a run over its control socket or, where there is none, follows its files.

    The run does not end with this process. Images are inspected by the run itself; once it can't be reached, with its best weights.

    Args:
        path: the run directory.
        read_only: send no commands that would change the run.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self.resumed = path, None
        self._name, self._read_only = default_name(), read_only
        self._connection = Connection(path, name=self._name, read_only=read_only)
        self._own = EventBuffer()
        """Events from here: notices, and answers of the best weights."""
        self._best_weights = BestWeights(self._own.put)
        self._sent: dict[int, Command] = {}
        """Commands without an answer, by request."""
        self._started = self._paused = self._ended = self._closed = False
        self._link = Link.CONNECTING
        """As last reported."""
        self._reason = ""

    @property
    def capabilities(self) -> Capabilities:
        steered = self._is_connected and not self._read_only
        return Capabilities(
            pause=steered and not self._paused,
            resume=steered and self._paused,
            save=steered,
            evaluate=steered and self._started,
            stop=steered,
            inspect=self._started,
        )

    @property
    def alive(self) -> bool:
        return not self._closed and self._connection.is_alive

    @property
    def _is_connected(self) -> bool:
        return not self._ended and not self._closed and self._connection.status.link is Link.CONNECTED

    def start(self, wake: Callable[[], object]) -> None:
        self._own.wake = wake
        self._connection.start(wake)

    def events(self) -> list[Event]:
        before = self._connection.status
        events = [self._seen(event) for event in self._connection.events()]
        status = self._connection.status
        if status is before and (status.link, status.reason) != (self._link, self._reason):
            news = list(self._news(status.link, status.reason, status.state))
            # The end of a process comes after its events, its start before them.
            events = [*events, *news] if status.link is Link.CRASHED else [*news, *events]
            self._link, self._reason = status.link, status.reason
        for answer in self._connection.answers():
            command = self._sent.pop(answer.request, None)
            if answer.refused and command is not None:
                events.append(_refusal(command, answer.refused))
        return [*events, *self._own.take()]

    def send(self, command: Command) -> None:
        if isinstance(command, InspectImage):
            if not self._is_connected:
                self._best_weights.inspect(self.path, command)
                return
            if command.path is not None:  # the run may have been started in another folder
                command = replace(command, path=str(Path(command.path).absolute()))
        elif self._read_only:
            return
        elif isinstance(command, Stop):
            command = replace(command, reason=f"{command.reason} by {self._name}")
        self._sent[self._connection.send(command)] = command

    def join(self, seconds: float | None = None) -> bool:
        due = None if seconds is None else time.monotonic() + seconds
        while self.alive:
            if due is not None and time.monotonic() >= due:
                return False
            time.sleep(JOIN_POLL_SECONDS)
        return True

    def close(self, reason: str) -> None:
        self._closed = True
        self._connection.close()

    def _seen(self, event: Event) -> Event:
        """Note what an event changes. Returns it as it is to be shown here."""
        match event:
            case RunStarted():
                self._started, self._paused, self._ended = True, False, False
                return replace(event, directory=str(self.path))  # where it lies now
            case RunPaused():
                self._paused = True
            case RunResumed():
                self._paused = False
            case RunEnded():
                self._ended = True
        if isinstance(event, RunPaused | RunResumed):
            return replace(event, by="" if event.by == self._name else event.by or HOST)
        return event

    def _news(self, link: Link, reason: str, state: State) -> Iterator[Event]:
        match link:
            case Link.CRASHED if self._link is not Link.CRASHED:
                yield ProcessLost()
            case Link.FOLLOWING:
                since = " There has been no word from it for a while." if state is State.UNKNOWN else ""
                yield ClientNotice(text=f"The run can be watched, but not controlled: {reason}.{since}", warning=True)
            case Link.CONNECTED if self._link is Link.CRASHED or self._ended:
                self._ended = False
                yield ProcessFound()
            case _:
                pass


def _refusal(command: Command, reason: str) -> Event:
    if isinstance(command, InspectImage):
        return InspectionFailed(id=command.id, reason=f"The run can't be asked: {reason}.")
    return ClientNotice(text=f"{type(command).__name__}: refused: {reason}.", warning=True)
