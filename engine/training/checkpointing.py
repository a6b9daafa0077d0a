"""Checkpoints of a run: when they are saved, what they hold, and how a run continues from one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from engine.config.schema import Config
from engine.errors import CheckpointError
from engine.events.types import CheckpointFailed, CheckpointSaved
from engine.runtime.runtime import Runtime
from engine.storage.checkpoint import content_digest, load_checkpoint, snapshot
from engine.storage.checkpoint_files import BEST, checkpoint_name
from engine.storage.checkpoint_writer import Job
from engine.training.metrics import LossCurve
from engine.training.run_io import RunIO
from engine.training.state import TrainingState


class Resumable(Protocol):
    """A part of the trainer that puts its own keys into a checkpoint."""

    def state_dict(self) -> dict[str, Any]:
        """Tensors and plain values."""

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Continue from a checkpoint; it also holds the keys of other parts."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a checkpoint records about the run that wrote it, and what a resumed run is compared with."""

    config: Config
    runtime: Runtime
    class_names: tuple[str, ...]
    fingerprint: str
    """Of the dataset."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values by name."""
        return {
            "config": self.config.as_dict(),
            "class_names": list(self.class_names),
            "fingerprint": self.fingerprint,
            "tuning": self.runtime.tuning.as_dict(),
            "machine": self.runtime.machine,
        }


class Checkpointing:
    """Saves checkpoints of a run and restores it from one.

    Args:
        state: of the run.
        parts: everything that goes into a checkpoint, in the order in which it is restored.
        losses: checked before a save, so that no checkpoint holds a step whose loss was not finite.
        io: the writer, the hook, and where saves are reported.
        origin: recorded in every checkpoint.
    """

    def __init__(
        self, state: TrainingState, parts: Sequence[Resumable], losses: LossCurve, io: RunIO, origin: Origin
    ) -> None:
        self._state, self._parts, self._losses, self._io, self._origin = state, parts, losses, io, origin
        self.saved: str | None = None
        """Path of the latest checkpoint; None while it is being written, and if that failed."""
        self._last_save = 0.0  # seconds of the run
        self._best_on_disk = 0  # the epoch whose weights best.pt holds, or will hold once the writer is done

    @property
    def due(self) -> bool:
        """Whether the last save was `save_every` minutes ago."""
        return self._state.watch.seconds - self._last_save > 60 * self._origin.config.run.save_every

    @property
    def writing(self) -> bool:
        """Whether a checkpoint is still being written."""
        return not self._io.checkpoints.idle

    def save(self, reason: str, valid_loss: float | None = None, previous_best: float | None = None) -> None:
        """Copy the state and hand the copy to the writer.

        Args:
            reason: as in `CheckpointSaved`.
            valid_loss: of the epoch that was just validated, if this is the checkpoint at its end.
            previous_best: the lowest validation loss before that.

        Raises:
            NonFiniteLossError: a loss since the last save was not finite.
        """
        state, writer = self._state, self._io.checkpoints
        self._io.hook.before_save(state)
        self._losses.raise_if_not_finite()
        self.saved = None
        content = self.state_dict()
        weights = content["best"].pop("weights")  # never modified: shared instead of copied
        content = snapshot(content)
        content["best"]["weights"] = weights
        self._last_save = state.watch.seconds
        best_copy = writer.directory / BEST if state.best.epoch != self._best_on_disk else None
        if best_copy is not None:
            self._best_on_disk = state.best.epoch
        writer.submit(self._job(content, best_copy, reason, valid_loss, previous_best))
        self._io.hook.after_save(state)

    def save_best(self) -> None:
        """Wait until best.pt is on the disk; if an earlier attempt failed, try once more."""
        writer = self._io.checkpoints
        writer.flush()
        if self._state.best.epoch != self._best_on_disk:
            self.save("time")
            writer.flush()

    def state_dict(self) -> dict[str, Any]:
        """All that `load_state_dict` needs to continue from this batch: tensors and plain values."""
        content: dict[str, Any] = {}
        for part in self._parts:
            content |= part.state_dict()
        return {**content, **self._origin.as_dict(), "time": time.time()}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Continue from where `state_dict` was taken."""
        for part in self._parts:
            part.load_state_dict(saved)
        self._last_save = self._state.watch.seconds
        self._best_on_disk = self._state.best.epoch if self._holds_best() else 0  # 0: written with the next checkpoint

    def _holds_best(self) -> bool:
        """Whether best.pt is whole and holds the best weights."""
        try:
            on_disk = load_checkpoint(self._io.checkpoints.directory / BEST)["best"]["weights"]
            return content_digest(on_disk) == content_digest(self._state.best.weights or {})
        except (CheckpointError, KeyError, TypeError, AttributeError):
            return False

    def _job(
        self,
        content: dict[str, Any],
        best_copy: Path | None,
        reason: str,
        valid_loss: float | None,
        previous_best: float | None,
    ) -> Job:
        """What the writer is to write, and how it reports the result, from its own thread."""
        state, steps, emit = self._state, self._state.plan.steps, self._io.emit
        epoch, step = state.epoch, state.step
        name = checkpoint_name(epoch, step)
        if step == 0 and epoch > 1:  # the end of an epoch, its validation included
            epoch, step = epoch - 1, steps
            name = checkpoint_name(epoch)
        path = self._io.checkpoints.directory / name

        def done(size: int, seconds: float) -> None:
            self.saved = str(path)
            emit(
                CheckpointSaved(
                    path=str(path),
                    epoch=epoch,
                    step=step,
                    reason=reason,
                    valid_loss=valid_loss,
                    previous_best=previous_best,
                    size=size,
                    seconds=seconds,
                )
            )

        def failed(error: Exception) -> None:
            self._best_on_disk = 0  # as far as we know: the next checkpoint writes it again
            self.saved = None
            message = getattr(error, "strerror", None) or str(error) or type(error).__name__
            emit(CheckpointFailed(path=str(path), epoch=epoch, step=step, reason=reason, error=message))

        return Job(path, content, best_copy, done, failed)
