"""Real runs of the engine on a few images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from engine.config.schema import Config
from engine.events.types import EpochCompleted, Event
from engine.session.session import run
from engine.training.control import Control
from engine.training.hooks import Hook

E = TypeVar("E", bound=Event)
CLASSES = ("blue", "green", "red")
QUICK: dict[str, Any] = {
    "recipe": "tutorial",
    "epochs": 2,
    "batch_size": 10,
    "threads": 1,
    "precision": "float32",
    "memory_format": "channels_last",
    "device": "cpu",
    "lr": 0.05,
}
"""Settings of a run that takes a second, none of them left to a measurement of the machine."""


def write_images(root: Path, train: int = 30, test: int = 10) -> None:
    """Write so many images of each of `CLASSES`, 32×32 pixels of noise with one channel brightened, as `root/split/class/N.png`."""
    rng = np.random.default_rng(0)
    for split, count in (("train", train), ("test", test)):
        for channel, name in enumerate(reversed(CLASSES)):
            folder = root / split / name
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 120, (32, 32, 3), dtype=np.uint8)
                pixels[..., channel] += 100
                Image.fromarray(pixels).save(folder / f"{i:03}.png")


class Recorder:
    """A listener that keeps all events; `act` may use the run's control when one arrives."""

    def __init__(self, control: Control, act: Callable[[Event, Control], None] | None = None) -> None:
        self.events: list[Event] = []
        self._control, self._act = control, act

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if self._act is not None:
            self._act(event, self._control)

    def of(self, kind: type[E]) -> list[E]:
        """The events of one type, in order."""
        return [e for e in self.events if isinstance(e, kind)]


def train(
    config: Config,
    act: Callable[[Event, Control], None] | None = None,
    resume: Path | None = None,
    *,
    hook: Hook | None = None,
    control: Control | None = None,
) -> Recorder:
    """Run the engine in this thread and return its events."""
    control = control or Control()
    recorder = Recorder(control, act)
    run(config, control, recorder, resume=resume, hook=hook)
    return recorder


NETWORKS: list[dict[str, Any]] = [
    {"recipe": "tutorial", "momentum": 0.9},
    {"recipe": "fast", "width": 4, "precision": "bfloat16"},
]
"""Settings for a run of each network."""


def epoch_losses(r: Recorder) -> list[tuple[float, ...]]:
    """Loss and accuracy of every epoch, in training and validation."""
    return [(e.train_loss, e.train_accuracy, e.valid_loss, e.valid_accuracy) for e in r.of(EpochCompleted)]
