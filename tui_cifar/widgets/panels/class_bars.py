"""Accuracy by class, as bars."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from tui_cifar.render.text.text import bar, cut
from tui_cifar.widgets.panels.panel import Panel

ORDERS = ("class order", "best first", "worst first")


class ClassBars(Panel):
    """A bar a class with its accuracy and the change since the epoch before; the test's once it is done."""

    parts = ("classes",)
    order = 0

    def options(self) -> object:
        """The order."""
        return self.order

    def cycle_sort(self) -> None:
        """Class order, best first, worst first."""
        self.order = (self.order + 1) % len(ORDERS)
        self.redraw()

    def draw(self) -> RenderableType:
        """The bars, or what they wait for."""
        view, counts = self.view, self.view.per_class
        if not counts:
            self.titles("Accuracy by class")
            return self.waiting("Each class gets a bar after the first epoch.")
        if view.tested is not None:
            self.titles(f"Test accuracy · best, epoch {view.tested.epoch}", ("classes.sort", ORDERS[self.order]))
            before = {}
        else:
            self.titles(f"Validation accuracy · epoch {view.rows[-1].epoch}", ("classes.sort", ORDERS[self.order]))
            before = {c.name: c.accuracy for c in view.rows[-2].per_class} if len(view.rows) > 1 else {}
            if before:
                before["all"] = view.rows[-2].valid_accuracy
        rows = [(c.name, c.accuracy, f"{c.correct:,}/{c.total:,}") for c in counts]
        if self.order:
            rows.sort(key=lambda r: r[1], reverse=self.order == 1)
        correct, total = sum(c.correct for c in counts), sum(c.total for c in counts)
        height = self.content_size.height or len(rows) + 1
        if len(rows) + 1 > max(3, height):
            hidden = len(rows) - (max(3, height) - 2)
            rows = [*rows[: max(3, height) - 2], (f"{hidden} more …", -1.0, "")]
        rows.append(("all", correct / max(1, total), f"{correct:,}/{total:,}"))
        width = self.content_size.width
        name_width = min(max(len(r[0]) for r in rows), max(6, width // 4))
        tail = 14 if before else 21 if view.tested is not None and width > 44 else 7
        room = max(0, width - name_width - 1 - tail)
        return self.lines(self._row(r, before, name_width, room, tail) for r in rows)

    def _row(
        self, row: tuple[str, float, str], before: dict[str, float], name_width: int, room: int, tail: int
    ) -> Text:
        name, accuracy, counts = row
        line = Text(f"{self.word(cut(name, name_width)):{name_width}} ", "bold" if name == "all" else "", no_wrap=True)
        if accuracy < 0:
            return line
        filled = bar(accuracy, room, ascii=self.ascii)
        line.append(filled, f"not bold {self.ink('foreground' if name == 'all' else 'secondary')}")
        line.append(f"{accuracy * 100:6.1f}")
        if name in before:
            change = round((accuracy - before[name]) * 100, 1)
            text = f"{change:+.1f}".replace("-", "−") if change else "="
            line.append(f"{self.word(text):>7}", f"not bold {self.ink('dim')}")
        elif tail > 14:
            line.append(f"{counts:>15}", f"not bold {self.ink('dim')}")
        return line
