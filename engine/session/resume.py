"""Resuming: which checkpoint to continue from, whether the configuration fits it, and what will not be bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config.recorded import changes
from engine.config.schema import Config
from engine.data.types import Dataset
from engine.errors import CheckpointError, CheckpointUnreadError
from engine.events.types import CheckpointSkipped
from engine.runtime.runtime import Runtime
from engine.session.event_writer import EventWriter
from engine.storage.checkpoint import State, load_checkpoint
from engine.storage.checkpoint_files import newest_first
from engine.storage.run_directory import RunDirectory

REQUIRED: dict[str, type] = {
    "model": dict,
    "optimizer": dict,
    "epoch": int,
    "step": int,
    "best": dict,
    "seconds": float,
    "config": dict,
    "fingerprint": str,
    "machine": dict,
    "tuning": dict,
}
"""What a checkpoint must hold for a run to continue from it."""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """A checkpoint that verified."""

    path: Path
    state: State


def find_checkpoint(resume: Path, directory: RunDirectory, events: EventWriter) -> ResumePoint | None:
    """The checkpoint to continue from.

    Args:
        resume: a checkpoint file; or a run directory, for its newest checkpoint that verifies.
        directory: of the run, locked. Checkpoints in it that do not verify are renamed.
        events: where those are reported.

    Returns:
        None if nothing was saved yet: the run then starts at its first batch.

    Raises:
        CheckpointError: the named checkpoint can't be used, or none of the run's can.
    """
    if resume.is_file():
        try:
            return _read(resume)
        except CheckpointError as e:
            raise CheckpointError(
                f"{e.message} Name another, or the run itself, {directory.path}, for its newest whole one."
            ) from None
    found = newest_first(directory.checkpoints)
    if not found:
        events.log("Nothing was saved yet: the run starts at its first batch")
        return None
    for path in found:
        try:
            return _read(path)
        except CheckpointUnreadError as e:
            # It may be whole, and further than all others: not ours to give up.
            raise CheckpointError(
                f"{e.message} See to it that it can be read, or name another of the run's checkpoints."
            ) from None
        except CheckpointError as e:
            events.emit(CheckpointSkipped(path=str(path), error=e.message))
            _mark_damaged(path)
    raise CheckpointError(f"{resume}: it has no checkpoint that can be read. Start a new run.")


def raise_if_incompatible(point: ResumePoint, config: Config, dataset: Dataset) -> None:
    """Refuse to continue with other images, or with settings that can't change in the middle of a run.

    Raises:
        CheckpointError: the message names what differs.
    """
    path, state = point.path, point.state
    if state["fingerprint"] != dataset.fingerprint:
        unread = (
            f" Of these, {len(dataset.skipped)} could not be read: {dataset.skipped[0]}." if dataset.skipped else ""
        )
        raise CheckpointError(
            f"{path}: it was trained on other images than {config.data.dataset}.{unread} Resume with the same ones."
        )
    for change in changes(state["config"], config, "fixed"):
        raise CheckpointError(
            f"{path}: {change.name} was {change.before} and can't become {change.now} half-way. "
            "Resume without changing it, or start a new run."
        )
    if state["step"] and (before := state["config"].get("batch_size")) != config.run.batch_size:
        raise CheckpointError(
            f"{path}: it is from the middle of an epoch with batch size {before}. Resume with that batch size, "
            "or name a checkpoint from the end of an epoch."
        )


def inexact_changes(state: State, config: Config, runtime: Runtime) -> list[str]:
    """What differs from the checkpoint so that the resumed run will not equal an uninterrupted one bit for bit."""
    before = {**state["machine"], **state["tuning"]}
    now = {**runtime.machine, **runtime.tuning.as_dict()}
    found = [f"{key} {before.get(key)} → {value}" for key, value in now.items() if before.get(key) != value]
    return found + [f"{c.name} {c.before} → {c.now}" for c in changes(state["config"], config, "inexact")]


def _read(path: Path) -> ResumePoint:
    """A checkpoint that verifies and holds all that a run needs.

    Raises:
        CheckpointError: it does not.
    """
    state: dict[str, Any] = load_checkpoint(path)
    for key, kind in REQUIRED.items():
        if not isinstance(state.get(key), kind):
            raise CheckpointError(f"{path}: not a checkpoint of this program: {key!r} is missing or of another kind.")
    if not (state["epoch"] >= 1 and state["step"] >= 0):
        raise CheckpointError(f"{path}: not a checkpoint of this program: its position is impossible.")
    return ResumePoint(path, state)


def _mark_damaged(path: Path) -> None:
    """Rename a checkpoint that did not verify, so that it is not tried again."""
    try:
        path.rename(path.with_name(path.name + ".damaged"))
    except OSError:
        pass  # it will be skipped again
