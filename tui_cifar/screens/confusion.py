"""The confusion matrix, and accuracy by class over the epochs."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from rich.color import Color
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui_cifar.app.theme import colour
from tui_cifar.render.charts.curves import curve, sparkline
from tui_cifar.render.charts.matrix import DARK_STEPS, LIGHT_STEPS, SHARES, Heat, Steps, matrix_lines
from tui_cifar.render.images.gallery import captions_for, gallery
from tui_cifar.render.images.grid import fit
from tui_cifar.render.images.mosaic import Line, beside, width_of
from tui_cifar.render.text.ink import fitted, spread, words
from tui_cifar.render.text.text import cut
from tui_cifar.run.predictions import Selection, confused_pairs, pair_sentence, recall, select
from tui_cifar.run.state import RunState, Saved
from tui_cifar.screens.base.predictions_screen import ResultsScreen
from tui_cifar.screens.predictions import PredictionsScreen
from tui_cifar.widgets.canvas import Canvas

ORDERS = ("class order", "best first", "worst first")


class ConfusionScreen(ResultsScreen):
    """Rows are true classes, columns predicted ones; Enter shows the images of a cell."""

    view_id = "confusion"
    MINOR = frozenset({"images"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Images", id="confusion.open", tooltip="The images of this cell"),
        Binding("n", "normalise", "Normalise", id="confusion.share", tooltip="Counts, share of the row, of the column"),
        Binding("o", "order", "Order", id="confusion.order", tooltip="Class order, best first, worst first"),
        Binding("h", "history", "Over epochs", id="confusion.history", tooltip="Accuracy by class over the epochs"),
        Binding("h,escape", "matrix", "Matrix", id="confusion.matrix", tooltip="Back to the matrix"),
        Binding("left", "move(-1, 0)", "Left", id="confusion.left", show=False, tooltip="Move the mark"),
        Binding("right", "move(1, 0)", "Right", id="confusion.right", show=False, tooltip="Move the mark"),
        Binding("up", "move(0, -1)", "Up", id="confusion.up", show=False, tooltip="Move the mark"),
        Binding("down", "move(0, 1)", "Down", id="confusion.down", show=False, tooltip="Move the mark"),
    ]

    def __init__(self, *, images: str, ascii: bool) -> None:
        super().__init__(images=images, ascii=ascii)
        self.cursor = (0, 0)
        """Row and column as shown."""
        self.share = 0
        self.order = 0
        self.over_epochs = False

    def body(self) -> ComposeResult:
        """A line of words and the matrix."""
        status = Canvas(self._status, ascii=self._ascii, id="status")
        status.styles.height = 1
        yield status
        yield Canvas(self._draw, ascii=self._ascii, id="matrix")

    # -- what is shown ----------------------------------------------------------------------------------------------------

    def parts(self) -> tuple[str, ...]:
        """The evaluation, the test, the epochs."""
        return ("predictions", "classes", "rows")

    def holds(self, newer: Saved) -> bool:
        """Newer figures of the same images come of themselves: no place is lost."""
        return newer is not self.cifar.saved(self.cifar.results.split if self.cifar.results else "test")

    @property
    def confusion(self) -> np.ndarray | None:
        """int (classes, classes): of the evaluation that is shown; of the test, where there is only that."""
        names = self.view.class_names
        if self.cifar.results is not None:
            return self.cifar.results.confusion
        if self.view.tested is not None and len(self.view.tested.confusion) == len(names):
            return np.array(self.view.tested.confusion, dtype=np.int64)
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """The classes."""
        return self.cifar.results.class_names if self.cifar.results is not None else self.view.class_names

    def class_order(self, confusion: np.ndarray) -> list[int]:
        """The classes as they are shown."""
        if not self.order:
            return list(range(len(confusion)))
        found = np.nan_to_num(recall(confusion))
        order: list[int] = np.argsort(-found if self.order == 1 else found, kind="stable").tolist()
        return order

    def _status(self, width: int, height: int) -> list[Line]:
        inks, results = self.inks, self.cifar.results
        if self.over_epochs:
            left = [words("Validation accuracy by class over the epochs", inks.strong)]
            right = [words("up, down: another class", inks.dim)] if self.view.rows else []
            return [spread(left, right, width)]
        if self.confusion is None:
            return [[words("Confusion", inks.strong)]]
        of = results.weights if results is not None else f"epoch {self.view.tested.epoch}" if self.view.tested else ""
        left = self.heading("test" if results is None else results.split, of, width)
        left.append(words(f"{SHARES[self.share]} · {ORDERS[self.order]}", inks.accent))
        right = [words("rows true, columns predicted", inks.dim)]
        return [spread(left, right if width_of([*left, *right]) <= width else [], width)]

    def _draw(self, width: int, height: int) -> list[Line]:
        if self.over_epochs:
            return self._history(width, height)
        inks, confusion = self.inks, self.confusion
        if confusion is None:
            lines: list[Line] = [
                [words("The confusion matrix of the validation images appears here after each epoch,", inks.dim)],
                [words("that of the test images at the end of the run.", inks.dim)],
            ]
            if self.view.started is not None and self.view.terminal is None:
                lines.append([words("Press e to classify the test images now.", inks.dim)])
            return lines
        order = self.class_order(confusion)
        matrix = matrix_lines(
            confusion, self.names, order, self.cursor, width, height - 2, self.share, inks, self._heat()
        )
        row, column = order[self.cursor[0]], order[self.cursor[1]]
        count, names = int(confusion[row, column]), self.names
        of = int(confusion[row].sum())
        told = f"{names[row]} taken for {names[column]}" if row != column else f"{names[row]} recognised"
        share = f", {count / of * 100:.1f} % of {of:,}" if of else ""
        lines = [*matrix, [], [words(f"{told}: {count:,}{share}", inks.strong)]]
        top = len(lines) + 1
        pairs = confused_pairs(confusion, min(10, max(0, height - len(lines) - 2)))
        if pairs:
            lines += [[], [words("most confused:", inks.dim)]]
        spare = height - len(lines)
        lines += [fitted([words(f"  {pair_sentence(p, names)}", inks.text)], width) for p in pairs[: max(0, spare)]]
        return self._with_images(lines, top, Selection(true=row, predicted=column, order="confidence"), width, height)

    def _with_images(self, lines: list[Line], top: int, cell: Selection, width: int, height: int) -> list[Line]:
        """The most confident images of the marked cell beside the sentences, where there is room."""
        results, left = self.cifar.results, max((width_of(line) for line in lines[top:]), default=0) + 4
        room, rows = width - left, height - top
        if results is None or results.images is None or self.mode == "off" or room < 40 or rows < 10:
            return lines
        numbers = select(results, cell)
        if not len(numbers):
            return lines
        grid = fit(room, rows - 1, most=len(numbers), captions=captions_for(results.class_names))
        if not grid.side:
            return lines
        shown = min(grid.page, len(numbers))
        told = f"{shown:,} of {len(numbers):,}, the most confident first" if shown < len(numbers) else "all of them"
        drawn = gallery(results, numbers, 0, -1, grid, room, self.mode, self.inks, light=self.light)
        below = beside([(left, lines[top:]), (room, [[words(told, self.inks.dim)], *drawn])], 0)
        return [*lines[:top], *below]

    def _heat(self) -> Heat | Steps | None:
        system = self.app.console.color_system
        if self.app.no_color or self._ascii or system not in ("truecolor", "256"):
            return None  # so few colours have no shades; the numbers say all
        if system == "256":
            return Steps(*(LIGHT_STEPS if self.light else DARK_STEPS), self.inks.text)
        theme = self.app.theme_variables

        def rgb(name: str) -> tuple[int, int, int] | None:
            told = colour(theme, name)
            if told == "default":
                return None
            found = Color.parse(told).get_truecolor()
            return found.red, found.green, found.blue

        ground, correct, wrong, text = (rgb(n) for n in ("background", "success", "error", "foreground"))
        dark = self.app.current_theme.dark
        if correct is None or wrong is None:
            return None
        return Heat(
            ground or ((0, 0, 0) if dark else (255, 255, 255)),
            correct,
            wrong,
            text or ((229,) * 3 if dark else (20,) * 3),
        )

    def _history(self, width: int, height: int) -> list[Line]:
        """A small curve a class, and the chosen class large."""
        rows, inks = self.view.rows, self.inks
        if not rows:
            return [[words("A curve for each class appears here after the first epoch.", inks.dim)]]
        names = [c.name for c in rows[-1].per_class]
        values = [[r.per_class[i].accuracy for r in rows if i < len(r.per_class)] for i in range(len(names))]
        chosen = min(self.cursor[0], len(names) - 1)
        name_width = min(max(map(len, names)), 14)
        small = max(12, min(40, width // 4))
        left = name_width + small + 16
        tall = max(1, min(5, (height - 2) // max(1, len(names))))
        lowest, highest = min(map(min, values)), max(map(max, values))
        blocks: list[Line] = []
        for i in visible_rows(len(names), chosen, (height - 2) // tall):
            change = (values[i][-1] - values[i][-2]) * 100 if len(values[i]) > 1 else 0.0
            small_curve = curve(values[i], small, tall, lowest, highest, ascii=self._ascii)
            if tall == 1 and self._ascii:
                small_curve = [sparkline(wide(values[i], small), small, lowest, highest)]
            for y, row in enumerate(small_curve):
                told = y == (tall - 1) // 2
                name = cut(names[i], name_width) if told else ""
                blocks.append(
                    [
                        words(f"{name:{name_width}}", inks.cursor if i == chosen and told else inks.text),
                        words(f" {row:{small}}", inks.accent if i == chosen else inks.dim),
                        words(f"{values[i][-1] * 100:6.1f}" if told else "", inks.text),
                        words(f"{change:+6.1f}".replace("-", "−") if change and told else "", inks.dim),
                    ]
                )
        told_range = f"curves from {lowest * 100:.1f} to {highest * 100:.1f} %"
        blocks += [[], [words(cut(told_range, left), inks.dim)]]
        room = width - left - 3
        if room < 16:
            return blocks
        low, high = min(values[chosen]), max(values[chosen])
        low, high = math.floor(low * 20) / 20, math.ceil(high * 20) / 20  # whole twentieths, which read well
        low, high = (low, high) if high > low else (max(0.0, low - 0.05), min(1.0, high + 0.05))
        tall = max(1, min(height - 4, 48))
        drawn = curve(values[chosen], room - 7, tall, low, high, ascii=self._ascii)
        large: list[Line] = [[words(f"{names[chosen]}  {values[chosen][-1] * 100:.1f} %", inks.strong)]]
        for y, line in enumerate(drawn):
            value = (high - (high - low) * y / max(1, tall - 1)) * 100
            label = f"{value:5.1f}┤" if y in (0, tall // 2, tall - 1) else "     │"
            large.append([words(label, inks.dim), words(line, inks.accent)])
        large.append([words("     └" + "─" * (room - 7), inks.dim)])
        first, last = f"epoch {rows[0].epoch}", f"{rows[-1].epoch}"
        large.append([words(" " * 6 + first + last.rjust(max(1, room - 7 - len(first))), inks.dim)])
        return beside([(left, blocks), (room, large)], 3)

    # -- actions ----------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the present view can do."""
        if action in ("open", "normalise", "order"):
            return not self.over_epochs and self.confusion is not None
        if action == "history":
            return not self.over_epochs
        if action == "matrix":
            return self.over_epochs
        return super().check_action(action, parameters)

    def _redraw(self) -> None:
        self.refresh_bindings()
        for canvas in self.query(Canvas):
            canvas.redraw()

    def action_move(self, x: int, y: int) -> None:
        """Move the mark."""
        n = len(self.names)
        if n:
            row, column = self.cursor
            self.cursor = min(n - 1, max(0, row + y)), min(n - 1, max(0, column + x))
            self._redraw()

    def action_normalise(self) -> None:
        """Counts, share of the true class, share of the predicted class."""
        self.share = (self.share + 1) % len(SHARES)
        self._redraw()

    def action_order(self) -> None:
        """Class order, best first, worst first."""
        self.order = (self.order + 1) % len(ORDERS)
        self._redraw()

    def action_history(self) -> None:
        """Accuracy by class over the epochs."""
        self.over_epochs = True
        self._redraw()

    def action_matrix(self) -> None:
        """Back to the matrix."""
        self.over_epochs = False
        self._redraw()

    def action_open(self) -> None:
        """The images of the marked cell."""
        confusion = self.confusion
        if confusion is None or self.cifar.results is None:
            return
        order = self.class_order(confusion)
        browser = self.cifar.run_screens["predictions"]
        assert isinstance(browser, PredictionsScreen)
        browser.set_selection(
            Selection(true=order[self.cursor[0]], predicted=order[self.cursor[1]], order="confidence")
        )
        self.cifar.action_view("predictions")

    def update(self, view: RunState) -> None:
        """Keep the mark inside, and draw."""
        n = max(1, len(self.names))
        self.cursor = min(self.cursor[0], n - 1), min(self.cursor[1], n - 1)
        self._redraw()


def wide(values: list[float], width: int) -> list[float]:
    """Few values as steps that fill most of `width`."""
    return [v for v in values for _ in range(max(1, width // max(1, len(values))))]


def visible_rows(count: int, chosen: int, room: int) -> range:
    """`room` of `count` rows, the chosen one among them."""
    room = max(1, min(room, count))
    start = min(max(0, chosen - room // 2), count - room)
    return range(start, start + room)
