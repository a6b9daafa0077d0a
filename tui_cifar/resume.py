"""Going on with an earlier run: which one is unfinished, with which settings it went, and what is known of it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import FIELDS, Config, make_config
from engine.errors import EngineError
from engine.run_directory import is_held, newest_first, position, read_config, read_events, run_of, unfinished_runs
from tui_cifar.run_view import RunView


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

    Raises:
        EngineError: there are none that can be read, or one is out of range.
    """
    known = {k: v for k, v in read_config(run_of(run)).items() if k in FIELDS}
    return make_config(flags, {**known, **toml})


def find_unfinished(runs_dir: Path, wanted: Mapping[str, Any]) -> Unfinished | None:
    """The newest unfinished run whose settings agree with those `wanted`, and that no other process works on."""
    for path in unfinished_runs(runs_dir):
        try:
            config = recorded_config(path, {"runs_dir": str(runs_dir)}, {})
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


def recall(run: Path) -> RunView:
    """What the screens showed of a run so far, as one that has not started again yet."""
    view = RunView()
    try:
        for event in read_events(run / "events.jsonl", thinned=True):
            view.apply(event)
    except OSError:
        pass  # the run goes on without its past on the screen
    view.state, view.terminal, view.tested, view.started, view.preparation = "PREPARING", None, None, None, None
    return view
