"""Commands: what a run can be asked to do, as frozen dataclasses of plain values. They are to a run what events are from it.

A command takes effect at the run's next batch. What came of it is an event: `RunPaused`, `CheckpointSaved`,
`PredictionsSaved`, `RunStopped`, `ImageInspected`, and so on.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class Command:
    """Base of all commands."""


@dataclass(frozen=True, kw_only=True)
class Pause(Command):
    """Hold the run before its next batch until `Resume` or `Stop`."""


@dataclass(frozen=True, kw_only=True)
class Resume(Command):
    """Let a paused run continue."""


@dataclass(frozen=True, kw_only=True)
class Save(Command):
    """Write a checkpoint at the next batch; a paused run writes it at once."""


@dataclass(frozen=True, kw_only=True)
class Evaluate(Command):
    """Classify the test images with the current weights at the next batch; a paused run does so at once."""


@dataclass(frozen=True, kw_only=True)
class Stop(Command):
    """End the run at its next batch; with `save`, write a checkpoint of that very batch first."""

    save: bool = True
    reason: str = "asked to stop"


@dataclass(frozen=True, kw_only=True)
class InspectImage(Command):
    """Ask what the network makes of one image: of its pixels, or of a file that the run's own machine can read.

    The answer is an `ImageInspected` or `InspectionFailed` with the same `id`. Make one with `of_pixels` or `of_file`.
    """

    id: str
    """Chosen by whoever asks, to recognize the answer."""
    pixels: str | None = None
    """Base64 of uint8 (32, 32, 3), row by row, as in `ImagesChosen`."""
    path: str | None = None
    """An image file of any size and format that Pillow reads. Ignored where there are pixels."""

    @classmethod
    def of_pixels(cls, id: str, image: np.ndarray) -> InspectImage:
        """Ask about uint8 (32, 32, 3)."""
        return cls(id=id, pixels=base64.b64encode(image.tobytes()).decode("ascii"))

    @classmethod
    def of_file(cls, id: str, path: Path) -> InspectImage:
        """Ask about an image file."""
        return cls(id=id, path=str(path))
