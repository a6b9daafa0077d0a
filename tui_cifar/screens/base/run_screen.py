"""What the screens of a run share: header, the line of screens, footer, and how they find out what is new."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, cast

from textual.app import ComposeResult, SystemCommand
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from tui_cifar.render.look import Look
from tui_cifar.run.state import RunState, Saved
from tui_cifar.screens.base.host import Host, ShownRun
from tui_cifar.screens.base.settled import Settled
from tui_cifar.screens.registry import TITLES
from tui_cifar.widgets.chrome.header import RunHeader
from tui_cifar.widgets.chrome.key_footer import KeyFooter
from tui_cifar.widgets.chrome.screen_tabs import ScreenTabs
from tui_cifar.widgets.theme import look_of


class RunScreen(Settled, Screen[None]):
    """A screen of a run. A subclass has a `view_id` and a `body`, and draws in `update`."""

    AUTO_FOCUS = ""  # keys belong to the screen
    view_id: ClassVar[str]
    KEY_VIEWS: ClassVar[tuple[type[Widget], ...]] = ()
    """Widgets of this screen that have keys of their own while they have the focus."""

    def __init__(self, *, ascii: bool) -> None:
        super().__init__()
        self._ascii = ascii
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        yield RunHeader(self.run.state, ascii=self._ascii, id="header")
        yield ScreenTabs(TITLES, self.view_id)
        yield from self.body()
        yield KeyFooter(show_command_palette=True)

    def body(self) -> ComposeResult:
        """What is between the line of screens and the footer."""
        raise NotImplementedError

    def on_mount(self) -> None:
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
        self.call_after_refresh(self.host.show)

    @property
    def host(self) -> Host:
        """The application, as far as a screen knows it."""
        return cast(Host, self.app)

    @property
    def run(self) -> ShownRun:
        """The run that is shown."""
        return self.host.controller

    def show(self, state: RunState, resources: str) -> None:
        """Hand the state to the parts that are on the screen; while it is made or torn down there are none."""
        for header in self.query(RunHeader):
            header.show(state, resources)
        if self.is_mounted:
            changes = (state.changes.get(part, 0) for part in self.parts())
            key = (id(state), self.app.theme, *changes, self.redraw_key())
            if key != self._drawn:
                self._drawn = key
                self.update(state)

    def parts(self) -> tuple[str, ...]:
        """The parts of the state that this screen shows, as in `RunState.changes`."""
        return ()

    def redraw_key(self) -> object:
        """What else the drawing depends on, as a value that differs when it does."""
        return None

    def holds(self, newer: Saved) -> bool:
        """Whether the evaluation that is shown stays although there is a newer one, which is then a key away."""
        return False

    def update(self, state: RunState) -> None:
        """Draw again: something that the screen shows has changed."""
        from tui_cifar.widgets.canvas import Canvas  # imports NumPy, which the first frame does not wait for

        for canvas in self.query(Canvas):
            canvas.redraw()

    def commands(self) -> Iterable[SystemCommand]:
        """What the palette offers beside the keys."""
        return ()

    # -- drawing ----------------------------------------------------------------------------------------------------------

    @property
    def look(self) -> Look:
        """How to draw on this terminal, in the current theme."""
        return look_of(self.app, self.host.image_mode, ascii=self._ascii)
