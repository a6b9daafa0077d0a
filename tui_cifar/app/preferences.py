"""Puts the user's settings to use: the theme, before the first frame, and the keys."""

from __future__ import annotations

from textual.app import App

from tui_cifar.app.keymap import checked
from tui_cifar.app.settings import Settings
from tui_cifar.app.theme import THEMES
from tui_cifar.screens.registry import SCREENS
from tui_cifar.terminal.diff_app import DiffApp


def use_theme(app: DiffApp, settings: Settings, wanted: str | None) -> None:
    """Use the theme that is wanted, else the one of the last time, before anything is styled.

    To choose it later would mean to parse the style sheet and to style everything a second time.
    """
    for theme in THEMES:
        app.register_theme(theme)
    remembered: str | None = settings.choice("theme", app.available_themes)
    name = wanted if wanted in app.available_themes else remembered or "cifar-dark"
    app.set_reactive(App.theme, name)
    dark = app.current_theme.dark
    app.update_classes({"-dark-mode": dark, "-light-mode": not dark, f"-theme-{name}": True}, update=False)
    app.update_ansi_colours()  # the themes "ansi-…" leave colours to the terminal
    app.stylesheet.set_variables(app.get_css_variables())


def use_keys(app: DiffApp, settings: Settings) -> list[str]:
    """Use the user's keys. Returns all that is wrong with the settings, a line each, and shows the first in a notice."""
    problems = list(settings.problems)
    if settings.keys:
        keys, more = checked(settings.keys, type(app), [screen.load() for screen in SCREENS.values()])
        problems += more
        app.set_keymap(keys)
    if problems:
        others = f" (and {len(problems) - 1} more in the log)" if len(problems) > 1 else ""
        app.notify(problems[0] + others, title="Settings", severity="warning", markup=False)
    return problems
