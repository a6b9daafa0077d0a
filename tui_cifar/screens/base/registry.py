"""The screens of a run by name, each imported and made when it is first asked for: the first frame waits for one alone."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from tui_cifar.screens.base.run_screen import RunScreen

KINDS = {
    "dashboard": "Dashboard",
    "predictions": "PredictionsScreen",
    "confusion": "ConfusionScreen",
    "data": "DataScreen",
    "model": "ModelScreen",
    "log": "LogScreen",
}
"""Class by name of the screen, which is also the name of its module."""


class RunScreens(dict[str, RunScreen]):
    """Makes the screen that is asked for first.

    Args:
        install: makes the new screen known to the application, by its name.
        ascii: whether it draws with characters up to 127 only.
    """

    def __init__(self, install: Callable[[RunScreen, str], object], *, ascii: bool) -> None:
        super().__init__()
        self._install, self._ascii = install, ascii

    def __missing__(self, key: str) -> RunScreen:
        screen = self[key] = kind(key)(ascii=self._ascii)
        self._install(screen, key)
        return screen


def kind(key: str) -> type[RunScreen]:
    """The class of a screen."""
    found: type[RunScreen] = getattr(import_module(f"tui_cifar.screens.{key}"), KINDS[key])
    return found
