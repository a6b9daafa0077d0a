"""What the tests share: a small image folder, a quick configuration, and a script in the engine's place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PIL import Image

from engine.config.schema import Config, make_config
from engine.events.types import Event
from engine.session.session import run
from engine.training.control import Control
from tui_cifar.run.local import Worker

E = TypeVar("E", bound=Event)
CLASSES = ("blue", "green", "red")


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 training and 30 test images of three classes that a network tells apart by colour."""
    root = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for part, count in (("train", 30), ("test", 10)):
        for channel, name in enumerate(reversed(CLASSES)):
            folder = root / part / name
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 120, (32, 32, 3), dtype=np.uint8)
                pixels[..., channel] += 100
                Image.fromarray(pixels).save(folder / f"{i:03}.png")
    return root


@pytest.fixture
def quick(image_folder: Path, tmp_path: Path) -> Callable[..., Config]:
    """Makes configurations for runs of a second: few images, one thread, a run directory of the test's own."""

    def make(**changes: Any) -> Config:
        values = {
            "recipe": "tutorial",
            "dataset": str(image_folder),
            "runs_dir": str(tmp_path / "runs"),
            "name": "run",
            "epochs": 2,
            "batch_size": 10,
            "threads": 1,
            "precision": "float32",
            "memory_format": "channels_last",
            "device": "cpu",
            "lr": 0.05,
        }
        return make_config({**values, **changes})

    return make


@pytest.fixture
def any_kernels() -> Iterator[None]:
    """PyTorch's own setting of `--deterministic` at the end."""
    yield
    from engine.runtime.device import use_deterministic  # and PyTorch with it, which not every test needs

    use_deterministic(False)


class Recorder:
    """A listener that keeps the events, and may act on the control when one arrives."""

    def __init__(self, control: Control, act: Callable[[Event, Control], None] | None = None) -> None:
        self.events: list[Event] = []
        self._control, self._act = control, act

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if self._act is not None:
            self._act(event, self._control)

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [e for e in self.events if isinstance(e, kind)]


def train(config: Config, act: Callable[[Event, Control], None] | None = None, resume: Path | None = None) -> Recorder:
    """Run the engine in this thread and return what it said."""
    control = Control()
    recorder = Recorder(control, act)
    run(config, control, recorder, resume=resume)
    return recorder


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` keeps what the screens show now (see `tests/golden.py`)."""
    parser.addoption("--update", action="store_true", help="write the golden files anew instead of comparing")


@pytest.fixture(autouse=True)
def no_run_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that ends before the run of its application does not leave it to disturb those after it."""
    started: list[Worker] = []
    start = Worker.start

    def noted(worker: Worker) -> None:
        started.append(worker)
        start(worker)

    monkeypatch.setattr(Worker, "start", noted)
    yield
    for worker in started:
        worker.control.stop(save=False, reason="the test ended")
    assert all(worker.join(20) for worker in started), "the run goes on, though told to stop"


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings of whoever runs it."""
    monkeypatch.setenv("CIFAR_TUI_CONFIG", str(tmp_path_factory.mktemp("settings")))
