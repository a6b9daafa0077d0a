"""A session: prepare, train, and emit exactly one terminal event.

`run` blocks until the end: call it in a thread of its own. PyTorch is imported within, so that importing this module costs
nothing and a first screen can be drawn before.
"""

from __future__ import annotations

import dataclasses
import traceback
from pathlib import Path
from typing import Any

from engine.config.schema import Config
from engine.errors import Cancelled, EngineError, OutOfMemoryError
from engine.events.types import RunCompleted, RunEnded, RunFailed, RunStopped
from engine.runtime.allocator import return_freed_memory
from engine.runtime.atomic_io import path_exists
from engine.runtime.torch_import import gc_paused_for_import, preload_torch
from engine.session.context import SessionContext
from engine.session.event_writer import EventWriter, Listener
from engine.storage.checkpoint_files import BEST
from engine.storage.run_directory import RunDirectory
from engine.training.control import Control
from engine.training.hooks import Hook

__all__ = ["Listener", "run"]


def run(
    config: Config, control: Control, listener: Listener, *, resume: Path | None = None, hook: Hook | None = None
) -> RunEnded:
    """Prepare, train and test. Never raises, whatever happens to the run.

    Args:
        config: what to do. When resuming, the values to continue with.
        control: polled before every batch, every downloaded chunk and every decoded image.
        listener: receives every event, in order.
        resume: the run directory, or the checkpoint file, to continue from.
        hook: code to run at fixed places of the run.

    Returns:
        The terminal event, which is also the last one that the listener received.
    """
    hook = hook or Hook()
    ended = _run(SessionContext(config, control, EventWriter(listener, hook), hook, resume))
    return_freed_memory()  # nothing of the run is left
    return ended


def _run(context: SessionContext) -> RunEnded:
    completed: RunCompleted | None = None
    failed: RunFailed | None = None
    try:
        completed = _prepare_and_train(context)
    except Cancelled:
        pass
    except BaseException as e:  # SystemExit included: a library that exits ends the run, not its thread
        failed = _failure_of(e, context)
    # Outside of the handlers: the exception is gone, and with it what filled the memory.
    return _end(context, completed, failed)


def _prepare_and_train(context: SessionContext) -> RunCompleted:
    config = context.config
    context.control.raise_if_stopping()
    if context.resume is None:
        RunDirectory.raise_if_taken(Path(config.run.runs_dir), config.run.name)
    context.report("Importing PyTorch")
    preload_torch()
    with gc_paused_for_import():
        from engine.session.prepare import prepare

    trainer = prepare(context)
    result = trainer.run()
    return RunCompleted(
        epochs=config.run.epochs,
        seconds=trainer.state.watch.seconds,
        test_accuracy=result.accuracy,
        tta_accuracy=result.tta_accuracy,
        test_loss=result.loss,
    )


def _failure_of(error: BaseException, context: SessionContext) -> RunFailed:
    """What an exception is reported as. It does not refer to the exception, whose traceback keeps the run's tensors alive."""
    detail = ""
    # PyTorch may not have been imported, so its out-of-memory error is recognized by name.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        size = context.config.run.batch_size
        error = OutOfMemoryError(
            f"The {context.device_name} ran out of memory at batch size {size}. "
            f"Try a batch size of {max(1, size // 2)}, or train on the CPU."
        )
    elif not isinstance(error, EngineError):
        detail = traceback.format_exc()
        error = EngineError(f"{type(error).__name__}: {error}")
    return RunFailed(title=error.title, message=error.message, kind=error.kind, detail=detail)


def _end(context: SessionContext, completed: RunCompleted | None, failed: RunFailed | None) -> RunEnded:
    """Save if the run was stopped, wait for all files, emit the terminal event, and release the run directory."""
    events, trainer = context.events, context.trainer
    stopped = completed is None and failed is None
    if stopped and trainer is not None and context.control.save_on_stop:
        try:
            trainer.checkpoints.save("stop")
        except Exception as e:
            events.log(f"could not save a checkpoint on stop: {type(e).__name__}: {e}")
    context.workers.close()
    ended: RunEnded = completed or failed or _stopped(context)
    ended = dataclasses.replace(ended, **_best(context))
    events.emit(ended)
    events.close()
    if context.directory is not None:
        context.directory.close()
    return ended


def _stopped(context: SessionContext) -> RunStopped:
    trainer, reason = context.trainer, context.control.stop_reason
    if trainer is None:
        return RunStopped(epoch=0, step=0, reason=reason, saved=None)
    state, plan = trainer.state, trainer.plan
    tested = state.epoch > plan.epochs  # stopped in the test
    return RunStopped(
        epoch=plan.epochs if tested else state.epoch,
        step=plan.steps if tested else state.step,
        reason=reason,
        saved=trainer.checkpoints.saved if context.control.save_on_stop else None,
    )


def _best(context: SessionContext) -> dict[str, Any]:
    """What every terminal event has: the run directory and the best weights, if there are any."""
    if context.trainer is None or context.directory is None:
        return {}
    best, directory = context.trainer.state.best, context.directory
    if not best.epoch:
        return {"directory": str(directory.path)}
    file = directory.checkpoints / BEST
    return {
        "directory": str(directory.path),
        "best_epoch": best.epoch,
        "best_valid_loss": best.valid_loss,
        "best_valid_accuracy": best.valid_accuracy,
        "best_checkpoint": str(file) if path_exists(file) else None,
    }
