"""Going on with an earlier run: which one is unfinished, with which settings it went, and what is known of it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config.schema import FIELDS, Config, make_config
from engine.errors import ConfigError, EngineError, RunDirectoryError
from engine.events.log import read_events
from engine.storage.run_directory import is_held, newest_first, position, read_config, run_of, unfinished_runs
from tui_cifar.run.state import RunState


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that can be gone on with."""

    path: Path
    config: Config
    epoch: int
    """The epoch of its furthest checkpoint, from 1."""
    step: int | None
    """The batch of it, None for the epoch's end."""
    saved: float
    """When that was saved, Unix seconds."""


def recorded_config(run: Path, flags: Mapping[str, Any], toml: Mapping[str, Any]) -> Config:
    """The settings recorded in a run, with what a file and flags override.

    Where `config.json` is lost or damaged, a checkpoint tells them.

    Raises:
        EngineError: there are none that can be read, one is out of range, or another recipe is asked for.
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
    """Recorded settings with others over them. What belongs to all runs lies where this one lies now."""
    known = {k: v for k, v in recorded.items() if k in FIELDS}
    return make_config({**known, "runs_dir": str(run.parent), **given})


def find_unfinished(runs_dir: Path, wanted: Mapping[str, Any]) -> Unfinished | None:
    """The newest unfinished run whose settings agree with those `wanted`, and that no other process works on."""
    for path in unfinished_runs(runs_dir):
        try:
            config = _as_config(read_config(path), path, {}).anchored()
        except EngineError:
            continue
        if is_held(path) or any(getattr(config, k) != v for k, v in wanted.items() if k != "runs_dir"):
            continue
        newest = next(iter(newest_first(path / "checkpoints")), None)
        at = position(newest) if newest else None
        if newest and at:
            with contextlib.suppress(OSError):  # removed by whoever goes on with it just now
                return Unfinished(path, config, *at, newest.stat().st_mtime)
    return None


def recall(run: Path) -> RunState:
    """What the screens showed of a run so far, as one that has not started again yet."""
    view = RunState()
    try:
        for event in read_events(run / "events.jsonl", thinned=True):
            view.apply(event)
    except OSError:
        pass  # the run goes on without its past on the screen
    view.state, view.terminal, view.tested, view.started, view.preparation = "PREPARING", None, None, None, None
    return view
