"""Asks what the network makes of an image, and hands the answer to whoever asked."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
from textual.message import Message

from engine.events.commands import InspectImage
from engine.events.types import Event, InspectionFailed
from engine.inspection.types import ImageInspected, Inspection
from tui_cifar.run.client import RunClient


class Answered(Message):
    """The answer about the image of `key`: an inspection, or a line that says why there is none."""

    def __init__(self, key: object, answer: Inspection | str) -> None:
        super().__init__()
        self.key, self.answer = key, answer


class Inspector:
    """Sends images to a run, and its answers back to where they are waited for.

    Args:
        client: gives the run that is shown.
    """

    def __init__(self, client: Callable[[], RunClient]) -> None:
        self._client = client
        self._ids = itertools.count()
        self._waiting: dict[str, tuple[object, Callable[[Message], object]]] = {}

    def ask(self, image: np.ndarray | Path, key: object, post: Callable[[Message], object]) -> None:
        """Ask about uint8 (32, 32, 3) or an image file; `post` gets an `Answered` with `key`."""
        client, id = self._client(), str(next(self._ids))
        if not client.capabilities.inspect:
            post(Answered(key, "There is no network yet."))
            return
        self._waiting[id] = key, post
        client.send(InspectImage.of_file(id, image) if isinstance(image, Path) else InspectImage.of_pixels(id, image))

    def take(self, event: Event) -> bool:
        """Hand on the answer that an event holds; True where it is an inspection."""
        if isinstance(event, ImageInspected | InspectionFailed) and (found := self._waiting.pop(event.id, None)):
            key, post = found
            post(Answered(key, event.inspection if isinstance(event, ImageInspected) else event.reason))
        return isinstance(event, ImageInspected)
