"""What screens get to know: the run that is shown, and the application that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from textual.message import Message
    from textual.screen import Screen

    from tui_cifar.app.settings import Settings
    from tui_cifar.render.look import ImageMode
    from tui_cifar.run.client import Capabilities
    from tui_cifar.run.predictions import Results
    from tui_cifar.run.state import RunState, Saved


class ShownRun(Protocol):
    """The run that is shown, wherever it is trained or was."""

    @property
    def state(self) -> RunState:
        """Everything that its events have told."""

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with it now."""

    @property
    def directory(self) -> Path | None:
        """The run directory; None before there is one."""

    def inspect(self, image: np.ndarray | Path, key: object, post: Callable[[Message], object]) -> None:
        """Ask what the network makes of uint8 (32, 32, 3) or of an image file; `post` gets an `Answered` with `key`."""

    @property
    def results(self) -> Results | None:
        """The evaluation of test or validation images that is shown, or None before there is one."""

    @property
    def results_missing(self) -> str:
        """Why it can't be shown, if so."""

    @property
    def shown(self) -> Saved | None:
        """The event that announced the evaluation that is shown."""

    @property
    def newer(self) -> Saved | None:
        """The newest evaluation, if another one is shown."""

    def saved(self, split: str) -> Saved | None:
        """The newest evaluation of "test" or "valid"."""

    def open_results(self, saved: Saved) -> None:
        """Read an evaluation and show it."""


class Host(Protocol):
    """The application, as far as its screens know it."""

    settings: Settings

    @property
    def controller(self) -> ShownRun:
        """The run."""

    @property
    def image_mode(self) -> ImageMode:
        """How images are drawn on this terminal."""

    @property
    def run_screens(self) -> Mapping[str, Screen[Any]]:
        """The screens of the run by name; each is made when it is first asked for."""

    def action_view(self, key: str) -> None:
        """Go to a screen."""

    def show(self) -> None:
        """Have the screen that is shown draw what has changed."""
