"""The panels of the dashboard, in their order on the screen. A new panel is a file beside this one and an entry here."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from textual.widget import Widget

from tui_cifar.widgets.panels.checkpoint_log import CheckpointLog
from tui_cifar.widgets.panels.class_bars import ClassBars
from tui_cifar.widgets.panels.epoch_table import EpochTable
from tui_cifar.widgets.panels.image_strip import ImageStrip
from tui_cifar.widgets.panels.loss_plot import LossPlot
from tui_cifar.widgets.panels.panel import DashboardPanel


class PanelEntry(NamedTuple):
    """A panel, and where it goes. Its height in the column is in its own style sheet."""

    name: str
    """Its id, also in the remembered choices."""
    title: str
    """In tabs, palette and help."""
    panel: type[DashboardPanel]
    column: Literal["left", "right"]

    def create(self, *, ascii: bool) -> Widget:
        """The panel's widget."""
        kind: Any = self.panel
        widget: Widget = kind(ascii=ascii, id=self.name, classes="panel")
        return widget


PANELS = {
    entry.name: entry
    for entry in (
        PanelEntry("loss", "Loss", LossPlot, "left"),
        PanelEntry("epochs", "Epochs", EpochTable, "left"),
        PanelEntry("classes", "Classes", ClassBars, "right"),
        PanelEntry("images", "Images", ImageStrip, "right"),
        PanelEntry("checkpoints", "Checkpoints", CheckpointLog, "right"),
    )
}
