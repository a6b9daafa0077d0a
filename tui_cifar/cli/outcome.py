"""The exit code of a run, and the lines that it leaves on the normal screen."""

from __future__ import annotations

import shlex
from pathlib import Path

from engine.events.types import RunCompleted, RunEnded, RunFailed, RunStopped
from tui_cifar.cli.advice import advised_failure

_USAGE_KINDS = ("config", "data", "data_unavailable", "device", "run_directory", "checkpoint")


def exit_code(ended: RunEnded | None) -> int:
    """0 if the run completed or was stopped, 1 if it failed, 2 if settings or data were wrong."""
    if isinstance(ended, RunFailed):
        return 2 if ended.kind in _USAGE_KINDS else 1
    return 0


def summary(ended: RunEnded | None) -> list[str]:
    """One to three lines: best epoch and accuracy, path of the best weights, the command that resumes."""
    if ended is None:
        return []
    best = ""
    if ended.best_epoch:
        best = f"best epoch {ended.best_epoch}: validation loss {ended.best_valid_loss:.4f}, accuracy {ended.best_valid_accuracy:.1%}"
    lines = []
    if isinstance(ended, RunFailed):
        lines.append(f"cifar-tui: {advised_failure(ended)}")
    if isinstance(ended, RunCompleted):
        both = f" ({ended.tta_accuracy:.1%} with mirror images)" if ended.tta_accuracy is not None else ""
        lines.append(f"{best}; test accuracy {ended.test_accuracy:.1%}{both}")
    elif best:
        lines.append(best)
    if ended.best_checkpoint:
        lines.append(f"best weights: {ended.best_checkpoint}")
    saved = ended.saved if isinstance(ended, RunStopped) else None
    if not isinstance(ended, RunCompleted) and (saved or ended.best_checkpoint) and ended.directory:
        lines.append(f"to resume:    {resume_command(Path(ended.directory))}")
    if isinstance(ended, RunStopped) and not lines:
        lines.append("stopped before anything was saved")
    return lines


def resume_command(run: Path) -> str:
    """The command that resumes a run."""
    return f"cifar-tui --resume {_argument(run)}"


def attach_command(run: Path) -> str:
    """The command that attaches to a run."""
    return f"cifar-tui attach {_argument(run)}"


def _argument(directory: Path) -> str:
    """The name of a run in ./runs, or the path of any other."""
    return shlex.quote(directory.name if directory.parent == Path("runs") else str(directory))
