"""What the screens of a run share: header, the line of screens, footer, and how they learn what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from textual.app import ComposeResult, SystemCommand
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from tui_cifar.render.look import Look
from tui_cifar.run.state import RunState, Saved
from tui_cifar.screens.base.settled import Settled
from tui_cifar.widgets.chrome.header import RunHeader
from tui_cifar.widgets.chrome.key_footer import KeyFooter
from tui_cifar.widgets.chrome.screen_tabs import ScreenTabs
from tui_cifar.widgets.theme import look_of

if TYPE_CHECKING:
    import numpy as np
    from textual.message import Message

    from tui_cifar.app.settings import Settings
    from tui_cifar.render.look import ImageMode
    from tui_cifar.run.client import Capabilities
    from tui_cifar.run.predictions import Results

VIEWS = {
    "dashboard": "Dashboard",
    "predictions": "Predictions",
    "confusion": "Confusion",
    "data": "Data",
    "model": "Model",
    "log": "Log",
}
"""The screens in the order of their keys, 1 to 6."""


class AsksNetwork(Protocol):
    """Asks what the network makes of an image."""

    def ask(self, image: np.ndarray | Path, key: object, post: Callable[[Message], object]) -> None:
        """Ask about uint8 (32, 32, 3) or an image file; `post` gets an `Answered` with `key`."""


class Shows(Protocol):
    """What a screen gets from the application."""

    settings: Settings

    @property
    def view(self) -> RunState:
        """The state of the run."""

    @property
    def capabilities(self) -> Capabilities:
        """What can be done with the run now."""

    @property
    def run_path(self) -> Path | None:
        """The run directory; None before there is one."""

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
        """The newest evaluation, where another one is shown."""

    def saved(self, split: str) -> Saved | None:
        """The newest evaluation of "test" or "valid"."""

    def open_results(self, saved: Saved) -> None:
        """Read an evaluation and show it."""

    @property
    def inspector(self) -> AsksNetwork:
        """Asks the network about images."""

    @property
    def image_mode(self) -> ImageMode:
        """How images are drawn on this terminal."""

    @property
    def run_screens(self) -> Mapping[str, RunScreen]:
        """The screens of the run by name."""

    def action_view(self, key: str) -> None:
        """Go to a screen."""

    def show(self) -> None:
        """Have the screen that is shown draw what has changed."""


class RunScreen(Settled, Screen[None]):
    """A screen of a run. A subclass gives its `view_id`, its body, and `update`."""

    AUTO_FOCUS = ""  # keys belong to the screen
    view_id: ClassVar[str]
    KEY_VIEWS: ClassVar[tuple[type[Widget], ...]] = ()
    """Widgets of this screen that have keys of their own while they have the focus."""

    def __init__(self, *, images: str, ascii: bool) -> None:
        super().__init__()
        self._images, self._ascii = images, ascii
        self._seen: object = None

    def compose(self) -> ComposeResult:
        """Header, screens, body, footer."""
        yield RunHeader(self.view, ascii=self._ascii, id="header")
        yield ScreenTabs(VIEWS, self.view_id)
        yield from self.body()
        yield KeyFooter(show_command_palette=True)

    def body(self) -> ComposeResult:
        """What is between the line of screens and the footer."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Plain borders where they are asked for."""
        self.set_class(self._ascii, "-ascii")

    def on_resize(self) -> None:
        """A low terminal does without the line of screens."""
        self.set_class(self.app.size.height < 20, "-low")
        wide = self.app.size.width >= 100
        for footer in self.query(Footer):
            if footer.show_command_palette != wide:
                footer.show_command_palette = wide
                footer.refresh(recompose=True)

    def on_screen_resume(self) -> None:
        """Show what is new since it was last seen, once it has its size."""
        self.call_after_refresh(self.cifar.show)

    @property
    def cifar(self) -> Shows:
        """The application, as far as a screen knows it."""
        return cast("Shows", self.app)

    @property
    def view(self) -> RunState:
        """The run."""
        return self.cifar.view

    def show(self, view: RunState, resources: str) -> None:
        """Hand the view to the parts that are on the screen; while it is made or torn down there are none."""
        for header in self.query(RunHeader):
            header.show(view, resources)
        if self.is_mounted:
            key = (id(view), self.app.theme, *(view.changes.get(part, 0) for part in self.parts()), self.state())
            if key != self._seen:
                self._seen = key
                self.update(view)

    def parts(self) -> tuple[str, ...]:
        """The parts of the view that this screen shows."""
        return ()

    def state(self) -> object:
        """What else makes a difference to what is shown, as a value that differs when it does."""
        return None

    def holds(self, newer: Saved) -> bool:
        """Whether the evaluation that is shown stays although a newer one has come: else it would change under the hands."""
        return False

    def update(self, view: RunState) -> None:
        """Draw again, as something that the screen shows has changed."""
        from tui_cifar.widgets.canvas import Canvas  # imports NumPy, which the first screen need not wait for

        for canvas in self.query(Canvas):
            canvas.redraw()

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers beyond the keys."""
        return ()

    # -- drawing ----------------------------------------------------------------------------------------------------------

    @property
    def look(self) -> Look:
        """How to draw on this terminal, in the current theme."""
        return look_of(self.app, self.cifar.image_mode, ascii=self._ascii)
