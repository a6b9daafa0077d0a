"""Accuracy by class, as bars."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.console import RenderableType
from rich.text import Text
from textual.binding import Binding

from tui_cifar.render.text.format import bar, cut, signed
from tui_cifar.run.class_order import CLASS_ORDERS, class_order
from tui_cifar.widgets.panels.panel import Choice, Panel


class _Row(NamedTuple):
    """A class, or all of them."""

    name: str
    accuracy: float
    counts: str
    before: float | None = None
    """The accuracy after the previous epoch."""


class ClassBars(Panel):
    """The accuracy of each class and its change since the previous epoch; of the final test once that is done."""

    KEYS: ClassVar[tuple[Binding, ...]] = (
        Binding("o", "sort", "Sort classes", id="classes.sort", tooltip="Class order, best first, worst first"),
    )
    CHOICES: ClassVar[tuple[Choice, ...]] = (Choice("sort", "order", range(len(CLASS_ORDERS))),)
    DEFAULT_CSS = "ClassBars { height: 13; }"
    parts = ("classes",)
    order = 0

    def action_sort(self) -> None:
        self.order = (self.order + 1) % len(CLASS_ORDERS)
        self.redraw()

    def draw(self) -> RenderableType:
        state = self.state
        if not state.per_class:
            self.titles("Accuracy by class")
            return self.waiting("Each class gets a bar after the first epoch.")
        if state.tested is not None:
            title = f"Test accuracy · best, epoch {state.tested.epoch}"
        else:
            title = f"Validation accuracy · epoch {state.rows[-1].epoch}"
        self.titles(title, ("classes.sort", CLASS_ORDERS[self.order]))
        rows, (width, height) = self._rows(), self.content_size
        most = max(3, height or len(rows))
        if len(rows) > most:
            *classes, total = rows
            hidden = len(classes) - (most - 2)
            rows = [*classes[: most - 2], _Row(f"{hidden} more …", -1.0, ""), total]
        name_width = min(max(len(r.name) for r in rows), max(6, width // 4))
        tail = 7
        if rows[-1].before is not None:
            tail = 14
        elif state.tested is not None and width > 44:
            tail = 21
        room = max(0, width - name_width - 1 - tail)
        return self.lines(self._line(r, name_width, room, with_counts=tail > 14) for r in rows)

    def _rows(self) -> list[_Row]:
        """The classes in order, and the total."""
        state, counts = self.state, self.state.per_class
        previous = state.rows[-2] if state.tested is None and len(state.rows) > 1 else None
        before = {c.name: c.accuracy for c in previous.per_class} if previous else {}
        order = class_order([c.accuracy for c in counts], CLASS_ORDERS[self.order])
        rows = [
            _Row(c.name, c.accuracy, f"{c.correct:,}/{c.total:,}", before.get(c.name))
            for c in (counts[i] for i in order)
        ]
        correct, total = sum(c.correct for c in counts), sum(c.total for c in counts)
        overall = previous.valid_accuracy if previous else None
        return [*rows, _Row("all", correct / max(1, total), f"{correct:,}/{total:,}", overall)]

    def _line(self, row: _Row, name_width: int, room: int, *, with_counts: bool) -> Text:
        total = row.name == "all"
        name = self.printable(cut(row.name, name_width))
        line = Text(f"{name:{name_width}} ", "bold" if total else "", no_wrap=True)
        if row.accuracy < 0:
            return line
        filled = bar(row.accuracy, room, ascii=self.ascii)
        line.append(filled, f"not bold {self.style_of('foreground' if total else 'secondary')}")
        line.append(f"{row.accuracy * 100:6.1f}")
        if row.before is not None:
            change = round((row.accuracy - row.before) * 100, 1)
            text = signed(change, 1) if change else "="
            line.append(f"{self.printable(text):>7}", f"not bold {self.style_of('dim')}")
        elif with_counts:
            line.append(f"{row.counts:>15}", f"not bold {self.style_of('dim')}")
        return line
