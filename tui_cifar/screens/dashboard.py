"""The dashboard: all panels at once where there is room, else one at a time with a line of tabs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tui_cifar.app.settings import Settings
from tui_cifar.run.state import RunState
from tui_cifar.screens.base.run_screen import RunScreen
from tui_cifar.widgets.chrome.header import RunHeader
from tui_cifar.widgets.chrome.panel_tabs import PanelTabs
from tui_cifar.widgets.panels.checkpoint_log import CheckpointLog
from tui_cifar.widgets.panels.class_bars import ORDERS, ClassBars
from tui_cifar.widgets.panels.epoch_table import EpochTable
from tui_cifar.widgets.panels.images import ImageStrip
from tui_cifar.widgets.panels.loss_plot import SMOOTHING, LossPlot

P = TypeVar("P", bound=Widget)

PANELS = {
    "loss": "Loss",
    "epochs": "Epochs",
    "classes": "Classes",
    "images": "Images",
    "checkpoints": "Checkpoints",
}
OVERVIEW_SIZE = (110, 32)
"""Columns and rows from which all panels fit at once."""


class Dashboard(RunScreen):
    """What is going on: state, loss, epochs, classes, images, checkpoints."""

    view_id = "dashboard"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "tab", "next_panel(1)", "Panel", id="panel.next", priority=True, tooltip="Next panel: mark it, or show it"
        ),
        Binding(
            "shift+tab",
            "next_panel(-1)",
            "Previous panel",
            id="panel.previous",
            priority=True,
            show=False,
            tooltip="Previous panel",
        ),
        Binding("enter", "enlarge", "Enlarge", id="panel.enlarge", tooltip="The marked panel alone"),
        Binding(
            "escape,enter",
            "overview",
            "All panels",
            id="panel.overview",
            key_display="esc",
            tooltip="All panels at once",
        ),
        Binding(
            "l", "log_scale", "Log scale", id="plot.log", show=False, tooltip="Loss plot: logarithmic or linear scale"
        ),
        Binding(
            "m",
            "smoothing",
            "Smoothing",
            id="plot.smooth",
            show=False,
            tooltip="Loss plot: smooth the training loss more, or not",
        ),
        Binding(
            "r",
            "window",
            "Recent or all",
            id="plot.window",
            show=False,
            tooltip="Loss plot: the recent part, or the whole run",
        ),
        Binding(
            "o",
            "sort_classes",
            "Sort classes",
            id="classes.sort",
            show=False,
            tooltip="Class bars: class order, best or worst first",
        ),
        Binding(
            "left",
            "turn_images(-1)",
            "Previous images",
            id="images.previous",
            show=False,
            priority=True,
            tooltip="Test images: the ones before",
        ),
        Binding(
            "right",
            "turn_images(1)",
            "Next images",
            id="images.next",
            show=False,
            priority=True,
            tooltip="Test images: the next ones",
        ),
    ]

    def __init__(self, *, images: str, ascii: bool) -> None:
        super().__init__(images=images, ascii=ascii)
        self._current = "loss"
        self._marked = False
        self._alone = False

    def body(self) -> ComposeResult:
        """Panels in two columns."""
        a = self._ascii
        yield PanelTabs(PANELS, id="tabs")
        with Horizontal(id="panels"):
            with Vertical(id="left", classes="column"):
                yield LossPlot(ascii=a, id="loss", classes="panel")
                yield EpochTable(ascii=a, id="epochs", classes="panel")
            with Vertical(id="right", classes="column"):
                yield ClassBars(ascii=a, id="classes", classes="panel")
                yield ImageStrip(mode=self._images, ascii=a, id="images", classes="panel")
                yield CheckpointLog(ascii=a, id="checkpoints", classes="panel")

    def on_mount(self) -> None:
        """Lay out for the terminal's size, as it was chosen the last time."""
        self._recall()
        self._arrange()

    def on_resize(self, event: events.Resize | None = None) -> None:
        """Another size may mean another layout."""
        self._arrange()

    def show(self, view: RunState, resources: str) -> None:
        """Hand the view to the parts that are on the screen; while it is made or torn down there are none."""
        for header in self.query(RunHeader):
            header.show(view, resources)
        for panel in self.query(".panel"):
            if panel.display and panel.parent is not None and getattr(panel.parent, "display", True):
                panel.show(view)  # type: ignore[attr-defined]

    # -- choices ----------------------------------------------------------------------------------------------------------

    def _recall(self) -> None:
        """What was chosen the last time."""
        if (settings := self._settings) is None:
            return
        self._current = settings.choice("panel", PANELS) or self._current
        self._panel(ClassBars).order = settings.choice("sort", range(len(ORDERS))) or 0
        plot = self._panel(LossPlot)
        plot.log_scale = bool(settings.choice("log scale", (True, False)))
        plot.smoothing = settings.choice("smoothing", SMOOTHING) or 0.0

    def _remember(self) -> None:
        if (settings := self._settings) is None:
            return
        plot = self._panel(LossPlot)
        settings.remember("panel", self._current)
        settings.remember("sort", self._panel(ClassBars).order)
        settings.remember("log scale", plot.log_scale)
        settings.remember("smoothing", plot.smoothing)

    @property
    def _settings(self) -> Settings | None:
        found = getattr(self.app, "settings", None)
        return found if isinstance(found, Settings) else None

    # -- layout -----------------------------------------------------------------------------------------------------------

    @property
    def _small(self) -> bool:
        return self.app.size.width < OVERVIEW_SIZE[0] or self.app.size.height < OVERVIEW_SIZE[1]

    @property
    def _single(self) -> bool:
        return self._small or self._alone

    def _arrange(self) -> None:
        """One panel, or all of them."""
        single = self._single
        # Not on the screen: header and footer would be styled anew.
        self.query_one("#panels").set_class(single, "-single")
        self.query_one(PanelTabs).display = single
        for panel in self.query(".panel"):
            panel.display = panel.id == self._current or not single
            panel.set_class(panel.id == self._current and self._marked and not single, "-marked")
        for column in self.query(".column"):
            column.display = any(child.display for child in column.children)
        self.query_one(PanelTabs).select(self._current)
        self.refresh_bindings()
        self.call_after_refresh(self._show_again)

    def _show_again(self) -> None:
        show = getattr(self.app, "show", None)
        if show is not None:
            show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what changes something in the present layout."""
        if action == "enlarge":
            return not self._single
        if action == "overview":
            return self._alone and not self._small
        return True

    def commands(self) -> Iterable[SystemCommand]:
        """Each panel by its name."""
        for key, word in PANELS.items():
            yield SystemCommand(f"Panel: {word}", f"{word} alone", lambda k=key: self.show_alone(k))

    def show_alone(self, key: str) -> None:
        """One panel, however much room there is."""
        self._alone = self._marked = True
        self.action_panel(key)

    # -- actions ----------------------------------------------------------------------------------------------------------

    def action_panel(self, key: str) -> None:
        """Choose a panel of the line of tabs."""
        self._current = key
        self._arrange()
        self._remember()

    def action_next_panel(self, step: int) -> None:
        """Mark the next panel; where they are shown one at a time, show it."""
        keys = list(PANELS)
        if self._marked or self._single:
            self._current = keys[(keys.index(self._current) + step) % len(keys)]
        self._marked = True
        self._arrange()

    def action_enlarge(self) -> None:
        """The marked panel alone."""
        self._alone = self._marked = True
        self._arrange()
        self._remember()

    def action_overview(self) -> None:
        """All panels at once."""
        self._alone = False
        self._arrange()

    def action_log_scale(self) -> None:
        """Logarithmic or linear loss."""
        self._panel(LossPlot).toggle_log()
        self._remember()

    def action_smoothing(self) -> None:
        """Smooth the training loss more, or not at all."""
        self._panel(LossPlot).cycle_smoothing()
        self._remember()

    def action_window(self) -> None:
        """The recent part of the run, or all of it."""
        self._panel(LossPlot).toggle_window()

    def action_sort_classes(self) -> None:
        """Class order, best first, worst first."""
        self._panel(ClassBars).cycle_sort()
        self._remember()

    def action_turn_images(self, step: int) -> None:
        """Page through the test images."""
        strip = self._panel(ImageStrip)
        if step > 0:
            strip.next()
        else:
            strip.previous()

    def _panel(self, kind: type[P]) -> P:
        return self.query_one(kind)
