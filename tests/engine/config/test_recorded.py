"""Runs recorded by version 0.2, with all settings in a flat table: they open, and resume."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from engine.config.recorded import VERSION, Change, changes, migrated, recorded_config
from engine.config.sources import make_config
from engine.errors import ConfigError
from engine.events.log import read_events
from engine.events.types import CheckpointSkipped, EpochCompleted, LineLogged, RunCompleted, RunStarted
from engine.inspection.trained_model import load_trained
from engine.models.registry import AirbenchOptions, TutorialOptions
from engine.optim.registry import MuonOptions, SGDOptions
from engine.storage.checkpoint import load_checkpoint
from engine.storage.run_directory import read_config
from tests.support.runs import train
from tui_cifar.run.resume import find_unfinished
from tui_cifar.run.resume import recorded_config as config_to_resume

RUNS = Path(__file__).parents[2] / "fixtures" / "runs-0.2"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with the runs, to be changed at will."""
    return Path(shutil.copytree(RUNS, tmp_path / "runs"))


def test_recorded_settings_are_read_correctly(runs: Path) -> None:
    sgd = config_to_resume(runs / "demo-done", {}, {})
    assert sgd.optimizer.options == SGDOptions(lr=0.02, momentum=0.9)
    assert sgd.model.options == TutorialOptions(dropout=0.25)
    muon = config_to_resume(runs / "fast-stopped", {}, {})
    assert muon.optimizer.options == MuonOptions(lr=0.3, weight_decay=2e-6)
    assert muon.model.options == AirbenchOptions(width=8)
    assert (muon.schedule.name, muon.run.epochs, muon.run.progressive) == ("cycles", 3, True)
    for config, name in ((sgd, "demo-done"), (muon, "fast-stopped")):
        recorded = json.loads((runs / name / "config.json").read_text())["config"]
        given = {**config.as_dict(), "runs_dir": recorded["runs_dir"]}
        assert {k: recorded[k] for k in given} == given


def test_every_record_of_the_settings_gives_the_same(runs: Path) -> None:
    run = runs / "fast-stopped"
    started = next(e for e in read_events(run / "events.jsonl") if isinstance(e, RunStarted))
    state = load_checkpoint(run / "checkpoints" / "best.pt")
    tables = [read_config(run), started.config, state["config"]]
    assert len({json.dumps(recorded_config(t).as_dict()) for t in tables}) == 1
    assert all(set(migrated(t)) == set(recorded_config(t).as_dict()) for t in tables)


def test_an_unfinished_run_resumes_and_completes(runs: Path) -> None:
    run = runs / "fast-stopped"
    found = find_unfinished(runs, {})
    assert found is not None and found.path == run and (found.epoch, found.step) == (2, 9)
    r = train(config_to_resume(run, {"threads": 1}, {}), resume=run)
    assert isinstance(r.events[-1], RunCompleted), r.events[-1]
    assert [e.epoch for e in r.of(EpochCompleted)] == [2, 3] and not r.of(CheckpointSkipped)
    changed = [e.text for e in r.of(LineLogged) if "not bit for bit" in e.text]
    assert not any(name in text for text in changed for name in ("width", "momentum", "dropout", "epochs"))
    written = json.loads((run / "config.json").read_text())
    assert written["version"] == VERSION and "momentum" not in written["config"]
    assert config_to_resume(run, {}, {}).run.epochs == 3


def test_its_network_loads(runs: Path) -> None:
    trained = load_trained(runs / "fast-stopped")
    assert (trained.config.model.name, trained.epoch, len(trained.class_names)) == ("airbench", 1, 10)


def test_settings_that_a_resumed_run_changes() -> None:
    recorded = make_config({"recipe": "tutorial"}).as_dict()
    now = make_config({"recipe": "tutorial", "seed": 1, "lr": 0.02, "epochs": 30, "keep": 9, "threads": 4})
    assert changes(recorded, now, "fixed") == [Change("seed", 0, 1)]
    assert changes(recorded, now, "inexact") == [Change("lr", 0.01, 0.02)]
    assert {c.name for c in changes(recorded, now, "free")} == {"epochs", "keep", "threads"}
    other = make_config({"recipe": "tutorial", "model": "airbench"})
    assert changes(recorded, other, "fixed") == [Change("model", "tutorial", "airbench")]


@pytest.mark.parametrize(("schedule", "progressive"), [("linear", False), ("cycles", False), ("constant", True)])
def test_the_number_of_epochs_matters_where_something_is_planned_over_the_run(schedule: str, progressive: bool) -> None:
    planned = make_config({"recipe": "fast", "schedule": schedule, "progressive": progressive})
    assert changes(planned.as_dict(), planned.replace(epochs=20), "inexact") == [Change("epochs", 12, 20)]


def test_settings_of_a_newer_version_are_refused(runs: Path) -> None:
    file = runs / "fast-stopped" / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "version": VERSION + 1}))
    with pytest.raises(ConfigError, match="newer version"):
        config_to_resume(runs / "fast-stopped", {}, {})
    assert find_unfinished(runs, {}) is None
