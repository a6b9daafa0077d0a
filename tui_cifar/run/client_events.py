"""What the client of a run has to say beside the run's own events. Shown, and never recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.events.types import Event


@dataclass(frozen=True, kw_only=True)
class ClientNotice(Event):
    """A line for the user, such as why a command was refused."""

    live: ClassVar[bool] = True
    text: str
    warning: bool = False


@dataclass(frozen=True, kw_only=True)
class ProcessLost(Event):
    """The process that trained the run is gone, and the run has no end."""

    live: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ProcessFound(Event):
    """A process trains the run again."""

    live: ClassVar[bool] = True
