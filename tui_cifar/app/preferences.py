"""Puts the user's settings to use: the theme before the first frame, and the keys."""

from __future__ import annotations

from textual.app import App

from tui_cifar.app.keymap import checked
from tui_cifar.app.settings import Settings
from tui_cifar.app.theme import THEMES
from tui_cifar.screens.base.registry import KINDS, kind


def choose_theme(app: App[None], settings: Settings, wanted: str | None) -> str:
    """The theme to begin with: the one wanted, else the one of the last time; registers the program's own."""
    for theme in THEMES:
        app.register_theme(theme)
    remembered: str | None = settings.choice("theme", app.available_themes)
    return wanted if wanted in app.available_themes else remembered or "cifar-dark"


def use_keys(app: App[None], settings: Settings) -> list[str]:
    """Use the user's keys; returns a line for each thing that is wrong with the settings."""
    problems = list(settings.problems)
    if settings.keys:
        keys, more = checked(settings.keys, type(app), map(kind, KINDS))
        problems += more
        app.set_keymap(keys)
    return problems
