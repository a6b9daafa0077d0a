"""Sockets in a directory of the test's own, with a path that is short whatever the test is called."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.remote.server import ControlServer
from tests.engine.remote.fake_run import FakeControl


@pytest.fixture(autouse=True)
def runtime_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`$XDG_RUNTIME_DIR` of the test and its processes."""
    with tempfile.TemporaryDirectory(prefix="rt-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture
def control() -> FakeControl:
    return FakeControl()


@pytest.fixture
def server(tmp_path: Path, control: FakeControl) -> Iterator[ControlServer]:
    """A server of a run directory with an empty log."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "events.jsonl").touch()
    server = ControlServer(run, control)
    yield server
    server.close()
