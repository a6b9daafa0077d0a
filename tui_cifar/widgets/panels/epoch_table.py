"""The table of epochs."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.strip import Strip
from textual.widgets import DataTable

from engine.events.types import EpochCompleted
from tui_cifar.app.theme import style
from tui_cifar.render.text.ascii import plain
from tui_cifar.render.text.format import bar, duration, learning_rate
from tui_cifar.run.state import RunState
from tui_cifar.widgets.chrome.scrollbar import PlainScrollBar
from tui_cifar.widgets.panels.panel import DashboardPanel

_COLUMNS = (
    ("epoch", "epoch", 6),
    ("train", "train", 7),
    ("valid", "valid", 7),
    ("train_accuracy", "train %", 7),
    ("accuracy", "valid %", 7),
    ("lr", "lr", 7),
    ("time", "time", 6),
)
_BAR = "bar"
"""The column of bars, right of the accuracy that they show, if there is room for it."""
_MOST_BLANKS, _SHORTEST_BAR, _LONGEST_BAR = 3, 10, 50


def columns_for(width: int) -> list[tuple[str, str, int]]:
    """The columns (key, head, width) of a table `width` wide. More room is used for gaps first, then for bars."""
    spare = width - sum(w + 2 for _, _, w in _COLUMNS)
    blanks = min(_MOST_BLANKS, max(0, spare) // len(_COLUMNS))
    columns = [(key, head, w + blanks) for key, head, w in _COLUMNS]
    length = min(_LONGEST_BAR, spare - blanks * len(_COLUMNS) - 2)
    if length >= _SHORTEST_BAR:
        columns.insert(5, (_BAR, "", length))
    return columns


class EpochTable(DashboardPanel, DataTable[Text]):
    """A row per epoch, the best one starred; rows are changed in place during the epoch."""

    DEFAULT_CSS = """
    EpochTable { height: 9fr; border: round $border-blurred; border-title-color: $text; background: $background;
                 border-subtitle-color: $text-muted; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0;
                 scrollbar-background: $background; scrollbar-color: $border-blurred; }
    EpochTable:focus { background-tint: $background 0%; }
    EpochTable:focus, EpochTable.-selected { border: round $accent; }
    EpochTable.-ascii { border: ascii $border-blurred; }
    EpochTable > .datatable--header, EpochTable:ansi > .datatable--header,
    EpochTable > .datatable--header-cursor, EpochTable > .datatable--header-hover {
        background: $background; color: $text-muted; text-style: none;
    }
    EpochTable > .datatable--cursor { background: $background; color: $text; text-style: none; }
    EpochTable:focus > .datatable--cursor { background: $accent 25%; color: $text; text-style: none; }
    """

    def __init__(self, *, ascii: bool = False, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(
            id=id,
            classes=classes,
            cursor_type="row",
            zebra_stripes=False,
            cell_padding=1,
            cursor_foreground_priority="renderable",
        )
        self.ascii = ascii
        self.set_class(ascii, "-ascii")
        self.border_title = "Epochs"
        self._shown: list[tuple[str, str, int]] = []
        self._state: RunState | None = None
        self._cells: dict[int, list[Text]] = {}
        self._made: dict[int, tuple[EpochCompleted, str, list[Text]]] = {}
        """The cells of each completed epoch, so that drawing takes no longer after thousands of epochs."""
        self._drawn: object = None
        self._text_styles: tuple[str, ...] = ("", "")
        """The styles of dim text and of the bars."""

    def on_mount(self) -> None:
        if self.ascii:
            self.vertical_scrollbar.renderer = PlainScrollBar  # type: ignore[misc]  # as Textual documents
        self._lay_out()

    def _lay_out(self) -> None:
        """Columns for the current width; if they change, all rows are made again."""
        columns = columns_for(self.size.width - 1)  # minus the scroll bar
        if columns == self._shown:
            return
        self._shown, self._drawn = columns, None
        self.clear(columns=True)
        self._cells.clear()
        self._made.clear()
        for key, label, width in columns:
            self.add_column(Text(label, justify="right"), key=key, width=width)
        if self._state is not None:
            self.show(self._state)

    def show(self, state: RunState) -> None:
        self._state = state
        styles = tuple(style(self.app.theme_variables, name) for name in ("dim", "secondary"))
        key = (id(state), state.changes.get("rows", 0), styles, state.ended)
        if key == self._drawn:
            return
        if styles != self._text_styles:
            self._text_styles = styles
            self._made.clear()
        self._drawn = key
        at_end = self.cursor_row >= self.row_count - 1
        wanted = self._wanted(state)
        if set(self._cells) - set(wanted):  # another run, or one that was resumed from an earlier epoch
            self.clear()
            self._cells.clear()
        for epoch, cells in wanted.items():
            before = self._cells.get(epoch)
            if before is cells:
                continue
            if before is None:
                self.add_row(*cells, key=str(epoch))
            else:
                for (column, _, _), old, new in zip(self._shown, before, cells, strict=True):
                    if old != new or old.style != new.style:  # texts compare by their characters only
                        self.update_cell(str(epoch), column, new)
            self._cells[epoch] = cells
        if at_end or not self.has_focus:
            self.move_cursor(row=self.row_count - 1, animate=False)

    def _wanted(self, state: RunState) -> dict[int, list[Text]]:
        """The cells of every row, by epoch."""
        dim, best = self._text_styles[0], state.best.epoch if state.best else 0
        rows = {}
        for r in state.rows:
            mark, weight = ("★ ", "bold") if r.epoch == best else ("", "")
            made = self._made.get(r.epoch)
            if made is not None and made[0] is r and made[1] == weight:
                rows[r.epoch] = made[2]
                continue
            rows[r.epoch] = self._row(
                self._cell(mark + str(r.epoch), weight),
                self._cell(f"{r.train_loss:.4f}", weight),
                self._cell(f"{r.valid_loss:.4f}", weight),
                self._cell(f"{r.train_accuracy * 100:.1f}", weight),
                self._cell(f"{r.valid_accuracy * 100:.1f}", weight),
                self._cell(learning_rate(r.learning_rate), weight or dim),
                self._cell(duration(r.seconds), weight),
                accuracy=r.valid_accuracy,
            )
            self._made[r.epoch] = (r, weight, rows[r.epoch])
        if state.ended is None and state.epoch and state.epoch not in rows and state.phase != "testing":
            loss = f"{state.points[-1][1]:.4f}" if state.points and state.points[-1][0] > state.epoch - 1 else "…"
            rows[state.epoch] = self._row(
                self._cell(str(state.epoch)),
                self._cell(loss),
                *(self._cell("…", dim) for _ in range(3)),
                self._cell(learning_rate(state.learning_rate), dim),
                self._cell(""),
            )
        return rows

    def _row(self, *cells: Text, accuracy: float = 0.0) -> list[Text]:
        """A row, with a bar if there is a column for it."""
        room = next((width for key, _, width in self._shown if key == _BAR), 0)
        bars = [Text(bar(accuracy, room, ascii=self.ascii), self._text_styles[1])]
        return [*cells[:5], *(bars if room else []), *cells[5:]]

    def _cell(self, text: str, style: str = "") -> Text:
        return Text(plain(text) if self.ascii else text, style, justify="right")

    def render_line(self, y: int) -> Strip:
        """A line of the table; an empty table says what it waits for."""
        if y == 1 and not self.row_count:
            text = Segment(" A row for each epoch appears here.", Style.parse(style(self.app.theme_variables, "dim")))
            return Strip([text]).extend_cell_length(self.size.width).apply_style(self.rich_style.background_style)
        return super().render_line(y)

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()
        if self.row_count and not self.has_focus:
            self.move_cursor(row=self.row_count - 1, animate=False)
