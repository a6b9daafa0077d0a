"""A run in another process, as the dashboard would see it: a client that gives what events a test puts in and keeps the commands."""

from __future__ import annotations

from collections.abc import Callable

from engine.events.buffer import EventBuffer
from engine.events.commands import Command
from engine.events.types import Event
from tui_cifar.run.client import Capabilities


class ElsewhereRun:
    """A `RunClient` that is driven by a test."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities, self.resumed = capabilities, None
        self.commands: list[Command] = []
        self.closed: list[str] = []
        self.alive = False
        self._buffer = EventBuffer()

    def start(self, wake: Callable[[], object]) -> None:
        self.alive = True
        self._buffer.wake = wake

    def emit(self, *events: Event) -> None:
        for event in events:
            self._buffer.put(event)

    def events(self) -> list[Event]:
        return self._buffer.take()

    def send(self, command: Command) -> None:
        self.commands.append(command)

    def join(self, seconds: float | None = None) -> bool:
        return not self.alive

    def close(self, reason: str) -> None:
        self.closed.append(reason)
