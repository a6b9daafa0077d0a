"""The command palette: a run to resume, what the screen offers, and every action that has a key."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textual.app import App, SystemCommand
from textual.screen import Screen
from textual.theme import ThemeProvider

from tui_cifar.app.run_controller import RunController
from tui_cifar.run.resume import find_unfinished
from tui_cifar.screens.base.run_screen import RunScreen
from tui_cifar.screens.dialogs.palette import Palette

FROM_TEXTUAL = ("Theme", "Screenshot")
"""Those of Textual's own commands that are offered: of the others, the program has its own, or they do nothing here."""


def open_palette(app: App[None]) -> None:
    """Show all commands."""
    if not isinstance(app.screen, Palette):
        app.push_screen(Palette())


def open_themes(app: App[None]) -> None:
    """Show all themes."""
    app.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes…"))


def run_commands(app: App[None], controller: RunController) -> Iterable[SystemCommand]:
    """The newest unfinished run, while none is trained."""
    run = find_unfinished(Path(controller.config.run.runs_dir), {}) if not controller.client.alive else None
    if run is not None:
        text = f"Go on with this unfinished run from epoch {run.epoch}"
        yield SystemCommand(f"Resume {run.path.name}", text, lambda: app.call_later(controller.resume, run))


def screen_commands(app: App[None], screen: Screen[object]) -> Iterable[SystemCommand]:
    """What the screen offers beside its keys, and the actions of all keys."""
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
