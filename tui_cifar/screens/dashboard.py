"""The dashboard: all panels at once if there is room, else one at a time with a line of tabs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import ClassVar, cast

from textual import events
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from tui_cifar.run.state import RunState
from tui_cifar.screens.base.run_screen import RunScreen
from tui_cifar.widgets.chrome.header import RunHeader
from tui_cifar.widgets.chrome.panel_tabs import PanelTabs
from tui_cifar.widgets.panels.panel import DashboardPanel
from tui_cifar.widgets.panels.registry import PANELS

OVERVIEW_SIZE = (110, 32)
"""Columns and rows from which all panels fit at once."""


def panel_keys() -> Iterator[Binding]:
    """The keys of all panels, as actions of the dashboard."""
    for name, entry in PANELS.items():
        for binding in entry.panel.KEYS:
            yield replace(binding, action=f"in_panel('{name}', \"{binding.action}\")", show=False)


class Dashboard(RunScreen):
    """What is going on: every panel of the registry."""

    view_id = "dashboard"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_panel(1)", "Panel", id="panel.next", priority=True, tooltip="Next panel"),
        Binding(
            "shift+tab",
            "next_panel(-1)",
            "Previous panel",
            id="panel.previous",
            priority=True,
            show=False,
            tooltip="Previous panel",
        ),
        Binding("enter", "enlarge", "Enlarge", id="panel.enlarge", tooltip="The selected panel on the whole screen"),
        Binding(
            "escape,enter",
            "overview",
            "All panels",
            id="panel.overview",
            key_display="esc",
            tooltip="All panels at once",
        ),
        *panel_keys(),
    ]

    def __init__(self, *, ascii: bool) -> None:
        super().__init__(ascii=ascii)
        self._panels = {name: entry.create(ascii=ascii) for name, entry in PANELS.items()}
        self._current = next(iter(PANELS))
        self._selected = False
        self._alone = False

    def body(self) -> ComposeResult:
        yield PanelTabs({name: entry.title for name, entry in PANELS.items()}, id="tabs")
        with Horizontal(id="panels"):
            for column in ("left", "right"):
                panels = (self._panels[name] for name, entry in PANELS.items() if entry.column == column)
                yield Vertical(*panels, id=column, classes="column")

    def on_mount(self) -> None:
        self._recall()
        self._arrange()

    def on_resize(self, event: events.Resize | None = None) -> None:
        self._arrange()

    def show(self, state: RunState, resources: str) -> None:
        """Hand the state to the parts that are on the screen; there are none while it is made or torn down."""
        for header in self.query(RunHeader):
            header.show(state, resources)
        for panel in self.query(".panel"):
            if panel.display and panel.parent is not None and getattr(panel.parent, "display", True):
                cast(DashboardPanel, panel).show(state)

    # -- remembered choices -----------------------------------------------------------------------------------------------

    def _recall(self) -> None:
        """Begin as it was left the last time."""
        choice = self.host.settings.choice
        self._current = choice("panel", PANELS) or self._current
        for name, entry in PANELS.items():
            for remembered in entry.panel.CHOICES:
                value = choice(remembered.name, remembered.allowed)
                if value is not None:
                    setattr(self._panels[name], remembered.attribute, value)

    def _remember(self) -> None:
        remember = self.host.settings.remember
        remember("panel", self._current)
        for name, entry in PANELS.items():
            for remembered in entry.panel.CHOICES:
                remember(remembered.name, getattr(self._panels[name], remembered.attribute))

    # -- layout -----------------------------------------------------------------------------------------------------------

    @property
    def _small(self) -> bool:
        return self.app.size.width < OVERVIEW_SIZE[0] or self.app.size.height < OVERVIEW_SIZE[1]

    @property
    def _single(self) -> bool:
        return self._small or self._alone

    def _arrange(self) -> None:
        """Show one panel, or all of them."""
        single = self._single
        # The class is not set on the screen: header and footer would be restyled too.
        self.query_one("#panels").set_class(single, "-single")
        self.query_one(PanelTabs).display = single
        for name, panel in self._panels.items():
            panel.display = name == self._current or not single
            panel.set_class(name == self._current and self._selected and not single, "-selected")
        for column in self.query(".column"):
            column.display = any(child.display for child in column.children)
        self.query_one(PanelTabs).select(self._current)
        self.refresh_bindings()
        self.call_after_refresh(self.host.show)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "enlarge":
            return not self._single
        if action == "overview":
            return self._alone and not self._small
        return True

    def commands(self) -> Iterable[SystemCommand]:
        """Each panel by its title."""
        for name, entry in PANELS.items():
            yield SystemCommand(f"Panel: {entry.title}", "On the whole screen", lambda name=name: self.show_alone(name))

    def show_alone(self, name: str) -> None:
        """Show one panel, however much room there is."""
        self._alone = self._selected = True
        self.action_panel(name)

    # -- actions ----------------------------------------------------------------------------------------------------------

    def action_panel(self, name: str) -> None:
        """Show a panel, as chosen among the tabs."""
        self._current = name
        self._arrange()
        self._remember()

    def action_next_panel(self, step: int) -> None:
        """Select the next panel; if panels are shown one at a time, show it."""
        names = list(PANELS)
        if self._selected or self._single:
            self._current = names[(names.index(self._current) + step) % len(names)]
        self._selected = True
        self._arrange()

    def action_enlarge(self) -> None:
        self._alone = self._selected = True
        self._arrange()
        self._remember()

    def action_overview(self) -> None:
        self._alone = False
        self._arrange()

    async def action_in_panel(self, name: str, action: str) -> None:
        """Run an action of a panel, and remember what it has changed."""
        await self.app.run_action(action, self._panels[name])
        self._remember()
