"""A run as the dashboard sees it, whether it is trained in this process or somewhere else, or has ended long ago."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.events.commands import Command
from engine.events.types import Event


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be done with a run at this moment. All but `hosted` stand for the commands that would have an effect."""

    pause: bool = False
    resume: bool = False
    save: bool = False
    evaluate: bool = False
    stop: bool = False
    inspect: bool = False
    hosted: bool = False
    """Whether the run is (or was) trained in this process: then it ends with the process, its outcome is that of the
    process, and what libraries print here belongs in its log."""


class RunClient(Protocol):
    """Events out, commands in. The methods belong to one thread, the one that shows the run; none blocks but `join`."""

    @property
    def resumed(self) -> Path | None:
        """The run directory, or the checkpoint in one, that the run continues from; what is recorded there comes before `events`."""

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with the run now."""

    @property
    def alive(self) -> bool:
        """Whether more events may come from the run itself. Images may be inspected after its end."""

    def start(self, wake: Callable[[], object]) -> None:
        """Begin. `wake` is called, from any thread, when an event has come that should be shown at once."""

    def events(self) -> list[Event]:
        """All events since the last call, in order; of those that report progress several times a second, only the latest."""

    def send(self, command: Command) -> None:
        """Have a command carried out at the run's next batch. One that is not among the `capabilities` has no effect."""

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the run to end, at most so many seconds; True once it has ended, or if it was never started."""

    def close(self, reason: str) -> None:
        """The dashboard is leaving. A run that would end with it is asked to stop and to save."""
