"""The screens of a run by name, each imported and made when it is first asked for: the first frame waits for one alone."""

from __future__ import annotations

from collections.abc import Callable

from tui_cifar.screens.base.run_screen import RunScreen
from tui_cifar.screens.registry import SCREENS


class RunScreens(dict[str, RunScreen]):
    """Makes the screen that is asked for first.

    Args:
        install: makes the new screen known to the application, by its name.
        ascii: whether it draws with characters up to 127 only.
    """

    def __init__(self, install: Callable[[RunScreen, str], object], *, ascii: bool) -> None:
        super().__init__()
        self._install, self._ascii = install, ascii

    def __missing__(self, name: str) -> RunScreen:
        screen: RunScreen = SCREENS[name].load()(ascii=self._ascii)
        self[name] = screen
        self._install(screen, name)
        return screen
