"""Fixtures of every test: a small image folder, quick configurations, runs made once, and tests kept apart from each other."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.events.commands import Stop
from engine.events.types import EpochCompleted, Event
from engine.training.control import Control
from tests.support.runs import QUICK, train, write_images
from tui_cifar.run.local import LocalRun


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` writes the golden files anew (see `tests/support/golden.py`)."""
    parser.addoption("--update", action="store_true", help="write the golden files anew instead of comparing")


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 training and 30 test images of three classes that a network tells apart by colour."""
    root = tmp_path_factory.mktemp("images")
    write_images(root)
    return root


@pytest.fixture
def quick(image_folder: Path, tmp_path: Path) -> Callable[..., Config]:
    """Makes configurations for runs of a second: few images, one thread, a run directory of the test's own."""

    def make(**changes: Any) -> Config:
        folders = {"dataset": str(image_folder), "runs_dir": str(tmp_path / "runs"), "name": "run"}
        return make_config({**QUICK, **folders, **changes})

    return make


@pytest.fixture(scope="session")
def finished_run(image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run of two epochs over three classes: 18 validation and 30 test images, not all of them correct.

    Shared by all tests: none may change it.
    """
    runs = tmp_path_factory.mktemp("finished")
    folders = {"dataset": str(image_folder), "runs_dir": str(runs), "name": "run"}
    train(make_config({**QUICK, **folders, "batch_size": 30, "lr": 0.01}))
    return runs / "run"


@pytest.fixture(scope="session")
def stopped_run(image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run stopped after its first epoch: it has validated and never tested. No test may change it."""

    def act(event: Event, control: Control) -> None:
        if isinstance(event, EpochCompleted):
            control.send(Stop())

    runs = tmp_path_factory.mktemp("stopped")
    folders = {"dataset": str(image_folder), "runs_dir": str(runs), "name": "run"}
    train(make_config({**QUICK, **folders, "batch_size": 30, "lr": 0.01}), act)
    return runs / "run"


@pytest.fixture
def any_kernels() -> Iterator[None]:
    """Restores PyTorch's default choice of kernels after a test that asked for deterministic ones."""
    yield
    from engine.runtime.device import use_deterministic  # and with it PyTorch, which not every test needs

    use_deterministic(False)


@pytest.fixture
def fixed_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always 21:44:02, on a terminal with true colour."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    moment = time.struct_time((2026, 11, 24, 21, 44, 2, 1, 328, 0))
    monkeypatch.setattr(time, "localtime", lambda seconds=None: moment)


@pytest.fixture(autouse=True)
def no_run_left_behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stops the run of a test that ends before it, so that it does not disturb the tests that follow."""
    started: list[LocalRun] = []
    start = LocalRun.start

    def recorded(run: LocalRun, wake: Callable[[], object]) -> None:
        started.append(run)
        start(run, wake)

    monkeypatch.setattr(LocalRun, "start", recorded)
    yield
    for run in started:
        run.send(Stop(save=False, reason="the test ended"))
    assert all(run.join(20) for run in started), "the run goes on although it was told to stop"


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings of whoever runs it."""
    monkeypatch.setenv("CIFAR_TUI_CONFIG", str(tmp_path_factory.mktemp("settings")))


@pytest.fixture(scope="session")
def socket_folder() -> Iterator[str]:
    """A folder with a short path, as control sockets need it."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        yield folder


@pytest.fixture(autouse=True)
def own_sockets(socket_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of a test have their control sockets apart from those of whoever runs it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", socket_folder)
