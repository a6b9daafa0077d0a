"""Which client asked to inspect which image: the answer goes to that client only."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from engine.events.codec import EVENTS
from engine.events.commands import InspectImage
from engine.events.types import Event

if TYPE_CHECKING:
    from engine.remote.peer import Peer

MAX_OPEN = 256
"""At most this many requests without an answer are remembered, the newest."""
_ANSWERS = ("image_inspected", "inspection_failed")


class Inspections:
    """The `InspectImage` commands of clients that have no answer yet. Their ids, chosen by the clients, are made unique."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._open: dict[str, tuple[Peer, str]] = {}

    def asked(self, peer: Peer, command: InspectImage) -> InspectImage:
        """The command to send to the run, with a unique id."""
        id = f"remote-{next(self._numbers)}"
        self._open[id] = peer, command.id
        if len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]
        return dataclasses.replace(command, id=id)

    def is_answer(self, event: Event) -> bool:
        """Whether an event is the answer to an `InspectImage`, of a client or of the process that trains."""
        return EVENTS.name_of(event) in _ANSWERS

    def answered(self, event: Event) -> tuple[Peer, Event] | None:
        """The client that asked, and the answer with the client's own id; None if no client asked."""
        found = self._open.pop(event.id, None)  # type: ignore[attr-defined]
        return None if found is None else (found[0], dataclasses.replace(event, id=found[1]))  # type: ignore[call-arg]
