"""A run directory copied with `cp -r` during training: the copy is an unfinished run of its own."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest

from engine.config.sources import make_config
from engine.events.types import Event, RunCompleted, RunEnded, RunFailed
from engine.inspection.export import export
from engine.session.session import run as go
from engine.storage.find_runs import find_run, is_held
from engine.training.control import Control
from tests.support.program import start
from tests.support.program_child import Plan
from tui_cifar.run.recorded import recorded_events

pytestmark = pytest.mark.long

COPIES = 20


def test_copies_made_at_any_moment_can_be_browsed_exported_and_resumed(image_folder: Path, tmp_path: Path) -> None:
    runs, rng = tmp_path / "runs", random.Random(COPIES)
    config = make_config(
        {
            "recipe": "tutorial",
            "dataset": str(image_folder),
            "runs_dir": str(runs),
            "epochs": 10_000,
            "batch_size": 10,
            "threads": 1,
            "precision": "float32",
            "memory_format": "channels_last",
            "device": "cpu",
            "keep": 2,
        }
    )
    given = (
        "recipe",
        "dataset",
        "runs_dir",
        "epochs",
        "batch_size",
        "threads",
        "precision",
        "memory_format",
        "device",
        "keep",
    )
    flags = [f"--{name.replace('_', '-')}={config.as_dict()[name]}" for name in given]
    program = start(["--headless", *flags, "--name=run"], tmp_path / "work", Plan())
    copies = []
    try:
        program.until(lambda: (runs / "run" / "checkpoints" / "best.pt").exists())
        for i in range(COPIES):
            time.sleep(rng.uniform(0, 0.15))
            copies.append(runs / f"copy-{i}")
            subprocess.run(
                ["cp", "-r", runs / "run", copies[-1]], capture_output=True
            )  # exits with 1 if a file disappeared meanwhile
        assert is_held(runs / "run") and not any(map(is_held, copies))
    finally:
        program.end()
    for copy in copies:
        assert find_run(runs, copy.name) == copy
        seen = list(recorded_events(copy))
        assert isinstance(seen[-1], RunEnded) and not isinstance(seen[-1], RunFailed)
        export(copy / "checkpoints" / "best.pt", tmp_path / "a.pt", "pt")
    for copy in copies[::4]:
        told: list[Event] = []
        epochs = 1 + max(int(p.name[6:10]) for p in (copy / "checkpoints").glob("epoch-*"))
        go(config.replace(epochs=epochs), Control(), told.append, resume=copy)
        assert isinstance(told[-1], RunCompleted), told[-1]
        assert Path(told[-1].directory) == copy
        assert (copy / "predictions.npz").is_file()
    assert not (runs / "run" / "predictions.npz").exists(), "what is done to a copy is not done to the run"
