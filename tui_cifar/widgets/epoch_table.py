"""The table of epochs."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.widgets import DataTable

from tui_cifar.render.text import duration, plain, rate
from tui_cifar.run_view import RunView
from tui_cifar.theme import colour

_COLUMNS = (("epoch", "epoch", 6), ("train", "train", 7), ("valid", "valid", 7), ("train_accuracy", "train %", 7),
            ("accuracy", "valid %", 7), ("lr", "lr", 7), ("time", "time", 6))


class EpochTable(DataTable[Text]):
    """A row an epoch; the best one starred, the running one filling up. Rows are changed in place."""

    DEFAULT_CSS = """
    EpochTable { border: round $border-blurred; border-title-color: $text; background: $background;
                 border-subtitle-color: $text-muted; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }
    EpochTable:focus { background-tint: $background 0%; }
    EpochTable:focus { border: round $accent; }
    EpochTable.-ascii { border: ascii $border-blurred; }
    EpochTable > .datatable--header { background: $background; color: $text-muted; text-style: none; }
    EpochTable > .datatable--cursor { background: $background; color: $text; text-style: none; }
    EpochTable:focus > .datatable--cursor { background: $accent 25%; color: $text; text-style: none; }
    """

    def __init__(self, *, ascii: bool = False, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes, cursor_type="row", zebra_stripes=False, cell_padding=1)
        self.ascii = ascii
        self.set_class(ascii, "-ascii")
        self.border_title = "Epochs"
        self._cells: dict[int, tuple[str, ...]] = {}
        self._drawn: object = None
        self._best = 0

    def on_mount(self) -> None:
        """The columns."""
        for key, label, width in _COLUMNS:
            self.add_column(Text(label, justify="right"), key=key, width=width)

    def show(self, view: RunView) -> None:
        """Add and change what is new."""
        key = (id(view), view.changes.get("rows", 0), self.app.theme, view.terminal)
        if key == self._drawn:
            return
        self._drawn = key
        at_end = self.cursor_row >= self.row_count - 1
        wanted = self._wanted(view)
        if set(self._cells) - set(wanted):  # another run, or one resumed from further back
            self.clear()
            self._cells.clear()
        best = view.best.epoch if view.best else 0
        for epoch, cells in wanted.items():
            styled = [self._styled(c, epoch, best, view, i) for i, c in enumerate(cells)]
            if epoch not in self._cells:
                self.add_row(*styled, key=str(epoch))
            elif self._cells[epoch] != cells or self._best != best and epoch in (self._best, best):
                for (column, _, _), cell in zip(_COLUMNS, styled, strict=True):
                    self.update_cell(str(epoch), column, cell)
            self._cells[epoch] = cells
        self._best = best
        self.border_subtitle = Text("" if wanted else "a row for each epoch appears here")
        if at_end or not self.has_focus:
            self.move_cursor(row=self.row_count - 1, animate=False)

    def _wanted(self, view: RunView) -> dict[int, tuple[str, ...]]:
        """The cells of every row, by epoch."""
        best = view.best.epoch if view.best else 0
        rows = {
            r.epoch: (f"★ {r.epoch}" if r.epoch == best else str(r.epoch), f"{r.train_loss:.4f}", f"{r.valid_loss:.4f}",
                      f"{r.train_accuracy * 100:.1f}", f"{r.valid_accuracy * 100:.1f}", rate(r.learning_rate), duration(r.seconds))
            for r in view.rows}
        if view.terminal is None and view.epoch and view.epoch not in rows and view.phase != "testing":
            loss = f"{view.points[-1][1]:.4f}" if view.points and view.points[-1][0] > view.epoch - 1 else "…"
            rows[view.epoch] = (str(view.epoch), loss, "…", "…", "…", rate(view.learning_rate), "")
        return rows

    def _styled(self, text: str, epoch: int, best: int, view: RunView, column: int) -> Text:
        running = not any(r.epoch == epoch for r in view.rows[-1:]) and (not view.rows or epoch > view.rows[-1].epoch)
        style = "bold" if epoch == best else colour(self.app.theme_variables, "dim") if running or column == 5 else ""
        return Text(plain(text) if self.ascii else text, style, justify="right")

    def on_resize(self, event: events.Resize) -> None:
        """Keep the newest row in view."""
        if self.row_count and not self.has_focus:
            self.move_cursor(row=self.row_count - 1, animate=False)
