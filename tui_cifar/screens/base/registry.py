"""The screens of a run by name, each imported and made when it is first asked for: the first frame waits for one alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tui_cifar.screens.base.run_screen import RunScreen

if TYPE_CHECKING:
    from tui_cifar.app.app import CifarApp

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
    """Makes the screen that is missing, and installs it in the application."""

    def __init__(self, app: CifarApp) -> None:
        super().__init__()
        self._app = app

    def __missing__(self, key: str) -> RunScreen:
        screen = self[key] = kind(key)(images=self._app.images, ascii=self._app.ascii)
        self._app.install_screen(screen, key)
        return screen


def kind(key: str) -> type[RunScreen]:
    """The class of a screen."""
    found: type[RunScreen] = getattr(import_module(f"tui_cifar.screens.{key}"), KINDS[key])
    return found
