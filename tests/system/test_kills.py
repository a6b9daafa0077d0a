"""More than a hundred SIGKILLs: the finished run equals an uninterrupted one, bit for bit, and every file stays readable.

Some kills come from outside at a random moment, some as soon as a temporary file of a save is there; others the process
sends to itself at a chosen event or in the middle of a save, so that every such place is met on any machine.
"""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.config.sources import make_config
from engine.events.codec import from_json
from engine.events.log import read_events
from engine.events.types import RunCompleted
from engine.storage.checkpoint import load_checkpoint
from tests.support.program import start
from tests.support.program_child import SAVE_POINTS, Plan
from tests.support.runs import train
from tests.support.states import same
from tui_cifar.run.state import RunState

pytestmark = pytest.mark.long

KILLS = 110
COMMAND_KILLS = 6
SEED = 20261124
EPOCHS = 6
SETTINGS: dict[str, Any] = {
    "epochs": EPOCHS,
    "batch_size": 2,
    "momentum": 0.9,
    "lr": 0.01,
    "recipe": "tutorial",
    "threads": 1,
    "precision": "float32",
    "memory_format": "channels_last",
    "device": "cpu",
    "save_every": 0.001,
    "keep": 2,
}
METHODS = ("moment", "event", "save", "validation", "event", "file")
EVENTS = (
    "preparation_advanced: Importing PyTorch",
    "preparation_advanced: Loading images",
    "preparation_advanced: Reading the checkpoint",
    "run_started",
    "epoch_started",
    "loss_sampled",
    "validation_started",
    "epoch_completed",
    "images_classified",
    "checkpoint_saved",
    "test_started",
    "test_completed",
    "predictions_saved",
    "run_completed",
)

ONCE = {*EVENTS[:4], *EVENTS[-4:]}
"""Events that a process reports at most once."""


def arguments(folder: Path, runs: Path, name: str) -> list[str]:
    """Arguments that start the run, or resume it if it exists."""
    flags = [f"--{k.replace('_', '-')}={v}" for k, v in SETTINGS.items()]
    started = (runs / name / "config.json").exists()
    return [
        "--headless",
        f"--dataset={folder}",
        f"--runs-dir={runs}",
        *flags,
        *([f"--resume={name}"] if started else [f"--name={name}"]),
    ]


def check_equal(run: Path, reference: Path) -> None:
    """The run ended as the reference did, and all its files are intact."""
    last = f"epoch-{EPOCHS:04}.pt"
    states = [load_checkpoint(path / "checkpoints" / last) for path in (run, reference)]
    for key in ("model", "optimizer", "best", "epoch", "step"):
        assert same(states[0][key], states[1][key]), key
    best = [load_checkpoint(path / "checkpoints" / "best.pt")["best"] for path in (run, reference)]
    assert same(best[0], best[1])
    for path in (run / "checkpoints").glob("*.pt"):
        load_checkpoint(path)
    assert not [p for p in run.rglob("*") if p.name.startswith(".")], "temporary files were left"
    lines = (run / "events.jsonl").read_text().splitlines()
    assert isinstance([from_json(line) for line in lines][-1], RunCompleted), "every line is an event"
    views = [RunState(), RunState()]
    for view, path in zip(views, (run, reference), strict=True):
        for event in read_events(path / "events.jsonl"):
            view.apply(event)
    rows = [
        [(r.epoch, r.train_loss, r.train_accuracy, r.valid_loss, r.valid_accuracy, r.best) for r in v.rows]
        for v in views
    ]
    assert rows[0] == rows[1] and len(rows[0]) == EPOCHS
    told = [(v.tested.loss, v.tested.accuracy, v.tested.confusion) for v in views if v.tested]
    assert told[0] == told[1]


EVALUATION_BATCH = 5
"""Four batches for the 18 validation images."""


def train_reference(image_folder: Path, tmp_path: Path) -> Path:
    """Train a run without interruption."""
    values = {**SETTINGS, "dataset": str(image_folder), "runs_dir": str(tmp_path / "runs"), "name": "reference"}
    assert isinstance(train(make_config(values)).events[-1], RunCompleted)
    return tmp_path / "runs" / "reference"


def test_a_run_killed_a_hundred_times_ends_like_an_uninterrupted_one(
    image_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.evaluate.BATCH_SIZE", EVALUATION_BATCH)
    reference = train_reference(image_folder, tmp_path)
    rng = random.Random(SEED)
    runs, hits, kills, finished, name = tmp_path / "runs", Counter[str](), 0, 0, "run-0"
    ways, events, points = map(itertools.cycle, (METHODS, EVENTS, SAVE_POINTS))
    began = time.monotonic()
    while True:
        how = next(ways) if kills < KILLS else "none"
        plan = Plan(signal=signal.SIGKILL, count=rng.randint(1, 2), evaluation_batch=EVALUATION_BATCH)
        if how == "event":
            event = next(events)
            plan = replace(plan, event=event, count=1 if event in ONCE else plan.count)
        elif how == "validation":
            plan = replace(plan, event=f"validation batch {rng.randrange(4)}")
        elif how == "save":
            plan = replace(plan, save=next(points), count=rng.randint(1, 3))
        program = start(arguments(image_folder, runs, name), tmp_path / "work", plan)
        if how == "moment":
            program.process.join(rng.uniform(0.05, 1.5))
            program.process.kill()
        elif how == "file":
            while program.alive and not list((runs / name / "checkpoints").glob(".*.tmp")):
                pass
            program.process.kill()
        code = program.wait()
        if code == -signal.SIGKILL:
            kills += 1
            hits[program.phase] += 1
            continue
        assert code == 0, f"seed {SEED}, kill {kills}, {plan}: exit code {code}\n{program.text()}"
        check_equal(runs / name, reference)
        finished += 1
        name = f"run-{finished}"
        if how == "none":
            break
    with capsys.disabled():
        phases = ", ".join(f"{phase} {count}" for phase, count in hits.most_common())
        print(f"\n{kills} kills in {time.monotonic() - began:.0f} s: {phases}; {finished} runs finished equal")
    assert kills >= KILLS and {"preparing", "training", "testing"} <= set(hits)
    assert min(hits["validating"], hits["saving"]) >= 10


def test_the_real_command_survives_kills(
    image_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = train_reference(image_folder, tmp_path)
    rng, runs, kills = random.Random(SEED), tmp_path / "runs", 0
    events = runs / "run" / "events.jsonl"
    while True:
        process = subprocess.Popen(
            [sys.executable, "-m", "tui_cifar", *arguments(image_folder, runs, "run")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        if kills < COMMAND_KILLS:
            size = events.stat().st_size if events.exists() else 0
            while process.poll() is None and (events.stat().st_size if events.exists() else 0) <= size:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.1))
            process.kill()
        error = process.communicate()[1]
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0, error.decode()
            break
        kills += 1
    check_equal(runs / "run", reference)
    with capsys.disabled():
        print(f"\n{kills} kills of the command")
    assert kills >= 3
