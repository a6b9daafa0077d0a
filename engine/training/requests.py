"""Requests from outside, carried out between two batches: pause, resume, stop, save, evaluate, inspect."""

from __future__ import annotations

from engine.events.types import RunPaused, RunResumed
from engine.training.checkpointing import Checkpointing
from engine.training.previews import Previews
from engine.training.progress import Progress
from engine.training.run_io import RunIO
from engine.training.state import TrainingState

PAUSE_POLL_SECONDS = 0.2
"""How often a paused run looks for requests to save, evaluate or inspect."""


class Requests:
    """Does what the run's `Control` asks for.

    Args:
        state: of the run.
        checkpoints: saves on request, and when a save is due.
        previews: evaluates and inspects on request.
        progress: restarts its rates after a pause.
        io: the control, the hook, and where pauses are reported.
    """

    def __init__(
        self, state: TrainingState, checkpoints: Checkpointing, previews: Previews, progress: Progress, io: RunIO
    ) -> None:
        self._state, self._checkpoints, self._previews = state, checkpoints, previews
        self._progress, self._io = progress, io

    def poll(self, batch: int) -> None:
        """To be called before batch `batch` of every phase; waits while the run is paused.

        Raises:
            Cancelled: a stop was asked for.
        """
        control = self._io.control
        self._io.hook.before_batch(self._state, batch)
        if control.paused and not control.stopping:
            self._pause(batch)
        self._carry_out()
        control.raise_if_stopping()

    def _pause(self, batch: int) -> None:
        state, control, emit = self._state, self._io.control, self._io.emit
        state.watch.pause()
        emit(RunPaused(phase=state.phase, epoch=state.reported_epoch, step=batch, by=control.steered_by))
        while control.wait_while_paused(PAUSE_POLL_SECONDS) and not control.stopping:
            self._carry_out()
        seconds = state.watch.resume()
        emit(
            RunResumed(
                phase=state.phase, epoch=state.reported_epoch, step=batch, seconds=seconds, by=control.steered_by
            )
        )
        self._progress.restart_rates()

    def _carry_out(self) -> None:
        control, checkpoints = self._io.control, self._checkpoints
        if checkpoints.writing:
            pass  # a save has to wait until the one before is written; the training does not
        elif control.take_save():
            checkpoints.save("asked")
        elif checkpoints.due:
            checkpoints.save("time")
        if control.take_evaluate() and self._state.phase != "testing":
            self._previews.evaluate_test()
        for command in control.take_inspections():
            self._previews.inspect(command)
