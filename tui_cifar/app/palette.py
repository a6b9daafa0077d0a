"""What the command palette offers beside Textual's own commands: runs to resume, the screen's commands, and every key's action."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from textual.app import App, SystemCommand
from textual.screen import Screen

from tui_cifar.run.resume import Unfinished, find_unfinished
from tui_cifar.screens.base.run_screen import RunScreen


def resume_commands(runs_dir: Path, resume: Callable[[Unfinished], object]) -> Iterable[SystemCommand]:
    """The newest unfinished run, if there is one."""
    run = find_unfinished(runs_dir, {})
    if run is not None:
        text = f"Go on with this unfinished run from epoch {run.epoch}"
        yield SystemCommand(f"Resume {run.path.name}", text, lambda: resume(run))


def screen_commands(app: App[Any], screen: Screen[Any]) -> Iterable[SystemCommand]:
    """What the screen offers beyond the keys, and every action that has a key."""
    if isinstance(screen, RunScreen):
        yield from screen.commands()
    for active in screen.active_bindings.values():
        binding = active.binding
        if active.enabled and binding.id and binding.id != "app.interrupt":
            name = binding.action.partition("(")[0]
            target = active.node if hasattr(active.node, f"action_{name}") else app
            yield SystemCommand(
                binding.description,
                binding.tooltip,
                lambda a=binding.action, t=target: app.call_later(app.run_action, a, t),
            )
