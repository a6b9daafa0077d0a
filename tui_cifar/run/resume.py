"""Resuming an earlier run: which one is unfinished, what its settings were, and what the screens showed of it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config.recorded import recorded_config as from_recorded
from engine.config.schema import Config
from engine.errors import ConfigError, EngineError, RunDirectoryError
from engine.events.log import read_events
from engine.storage.checkpoint_files import newest_first, position
from engine.storage.find_runs import is_held, run_of, unfinished_runs
from engine.storage.run_directory import read_config
from tui_cifar.run.state import RunState


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that can be resumed."""

    path: Path
    config: Config
    epoch: int
    """The epoch of its furthest checkpoint, from 1."""
    step: int | None
    """The batch of that checkpoint in the epoch; None for the epoch's end."""
    saved: float
    """When that was saved, Unix seconds."""


def recorded_config(run: Path, flags: Mapping[str, Any], toml: Mapping[str, Any]) -> Config:
    """The settings recorded in a run, with what a TOML file and flags override.

    If `config.json` is lost or damaged, they are read from a checkpoint.

    Raises:
        EngineError: there are none that can be read, one is out of range, or another recipe is wanted.
    """
    try:
        recorded = read_config(run_of(run))
    except RunDirectoryError:
        from engine.storage.checkpoint import recorded_settings  # with PyTorch, which takes its time

        found = recorded_settings(run)
        if found is None:
            raise
        recorded = found
    recipe = {**toml, **flags}.get("recipe", recorded.get("recipe"))
    if recipe != recorded.get("recipe"):
        raise ConfigError(
            f"recipe: {run} was started with {recorded.get('recipe')!r}, and a run keeps its recipe. "
            "Resume without --recipe, or start a new run."
        )
    return _as_config(recorded, run_of(run), {**toml, **flags})


def _as_config(recorded: Mapping[str, Any], run: Path, given: Mapping[str, Any]) -> Config:
    """Recorded settings, overridden by others. The folder of all runs is the one that this run lies in now."""
    return from_recorded({**recorded, "runs_dir": str(run.parent)}, given)


def find_unfinished(runs_dir: Path, wanted: Mapping[str, Any]) -> Unfinished | None:
    """The newest unfinished run that has the settings `wanted` and that no other process is training."""
    for path in unfinished_runs(runs_dir):
        try:
            config = _as_config(read_config(path), path, {}).anchored()
            settings = config.as_dict()
        except EngineError:
            continue
        if is_held(path) or any(settings.get(k) != v for k, v in wanted.items() if k != "runs_dir"):
            continue
        newest = next(iter(newest_first(path / "checkpoints")), None)
        at = position(newest) if newest else None
        if newest and at:
            with contextlib.suppress(OSError):  # whoever has just resumed it removed the checkpoint
                return Unfinished(path, config, *at, newest.stat().st_mtime)
    return None


def recall(run: Path) -> RunState:
    """What the screens showed of a run, in the state of one that is about to start again."""
    state = RunState()
    try:
        for event in read_events(run / "events.jsonl", thinned=True):
            state.apply(event)
    except OSError:
        pass  # then the screens show nothing of its past
    state.status, state.ended, state.tested, state.started, state.preparation = "PREPARING", None, None, None, None
    return state
