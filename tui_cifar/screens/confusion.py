"""The confusion matrix, and accuracy by class over the epochs."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui_cifar.render.charts.class_history import class_history
from tui_cifar.render.charts.matrix import NORMALISATIONS, matrix_lines
from tui_cifar.render.images.captions import captions_for
from tui_cifar.render.images.gallery import gallery
from tui_cifar.render.images.grid import fit
from tui_cifar.render.text.line import Line, beside, fitted, spread, width_of
from tui_cifar.run.class_order import CLASS_ORDERS, class_order
from tui_cifar.run.metrics import confused_pairs, pair_sentence, recall
from tui_cifar.run.selection import Selection, select
from tui_cifar.run.state import RunState, Saved
from tui_cifar.screens.base.predictions_screen import ResultsScreen
from tui_cifar.screens.predictions import PredictionsScreen
from tui_cifar.widgets.canvas import Canvas
from tui_cifar.widgets.heat import heat_of


class ConfusionScreen(ResultsScreen):
    """Rows are true classes, columns predicted ones; Enter shows the images of a cell."""

    view_id = "confusion"
    MINOR = frozenset({"images"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Images", id="confusion.open", tooltip="The images of this cell"),
        Binding("n", "normalise", "Normalise", id="confusion.share", tooltip="Counts, % of true or of predicted class"),
        Binding("o", "order", "Order", id="confusion.order", tooltip="Class order, best first, worst first"),
        Binding("h", "history", "Over epochs", id="confusion.history", tooltip="Accuracy by class over the epochs"),
        Binding("h,escape", "matrix", "Matrix", id="confusion.matrix", tooltip="Back to the matrix"),
        Binding("left", "move(-1, 0)", "Left", id="confusion.left", show=False, tooltip="Move the cursor"),
        Binding("right", "move(1, 0)", "Right", id="confusion.right", show=False, tooltip="Move the cursor"),
        Binding("up", "move(0, -1)", "Up", id="confusion.up", show=False, tooltip="Move the cursor"),
        Binding("down", "move(0, 1)", "Down", id="confusion.down", show=False, tooltip="Move the cursor"),
    ]

    def __init__(self, *, ascii: bool) -> None:
        super().__init__(ascii=ascii)
        self.cursor = (0, 0)
        """Row and column in display order."""
        self.normalisation = 0
        self.order = 0
        self.over_epochs = False

    def body(self) -> ComposeResult:
        status = Canvas(self._status, ascii=self._ascii, id="status")
        status.styles.height = 1
        yield status
        yield Canvas(self._draw, ascii=self._ascii, id="matrix")

    # -- what is shown ----------------------------------------------------------------------------------------------------

    def parts(self) -> tuple[str, ...]:
        return ("predictions", "classes", "rows")

    def holds(self, newer: Saved) -> bool:
        """Newer figures of the same split are shown at once: nobody loses their place."""
        return newer is not self.run.saved(self.run.results.split if self.run.results else "test")

    @property
    def confusion(self) -> np.ndarray | None:
        """int (classes, classes), rows true, columns predicted: of the evaluation that is shown, else of the final test."""
        names = self.run.state.class_names
        if self.run.results is not None:
            return self.run.results.confusion
        if self.run.state.tested is not None and len(self.run.state.tested.confusion) == len(names):
            return np.array(self.run.state.tested.confusion, dtype=np.int64)
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.run.results.class_names if self.run.results is not None else self.run.state.class_names

    def _order(self, confusion: np.ndarray) -> list[int]:
        """The classes in display order."""
        return class_order(np.nan_to_num(recall(confusion)).tolist(), CLASS_ORDERS[self.order])

    def _cell(self, confusion: np.ndarray) -> tuple[int, int]:
        """True and predicted class of the cell under the cursor."""
        order = self._order(confusion)
        return order[self.cursor[0]], order[self.cursor[1]]

    def update(self, state: RunState) -> None:
        n = max(1, len(self.names))
        self.cursor = min(self.cursor[0], n - 1), min(self.cursor[1], n - 1)
        self._redraw()

    # -- drawing ----------------------------------------------------------------------------------------------------------

    def _status(self, width: int, height: int) -> list[Line]:
        styles, results = self.look.styles, self.run.results
        if self.over_epochs:
            left = [Segment("Validation accuracy by class over the epochs", styles.strong)]
            right = [Segment("up, down: other class", styles.dim)] if self.run.state.rows else []
            return [spread(left, right, width)]
        if self.confusion is None:
            return [[Segment("Confusion", styles.strong)]]
        weights = ""
        if results is not None:
            weights = results.weights
        elif self.run.state.tested is not None:
            weights = f"epoch {self.run.state.tested.epoch}"
        left = self.heading("test" if results is None else results.split, weights, width)
        left.append(Segment(f"{NORMALISATIONS[self.normalisation]} · {CLASS_ORDERS[self.order]}", styles.accent))
        right = [Segment("rows true, columns predicted", styles.dim)]
        return [spread(left, right if width_of([*left, *right]) < width else [], width)]

    def _draw(self, width: int, height: int) -> list[Line]:
        if self.over_epochs:
            return self._history(width, height)
        confusion, names, look = self.confusion, self.names, self.look
        if confusion is None:
            return self._waiting()
        order = self._order(confusion)
        heat = heat_of(self.app, ascii=self._ascii)
        lines = matrix_lines(
            confusion, names, order, self.cursor, width, height - 2, self.normalisation, look.styles, heat
        )
        true, predicted = self._cell(confusion)
        count, total = int(confusion[true, predicted]), int(confusion[true].sum())
        text = f"{names[true]} " + ("predicted correctly" if true == predicted else f"predicted as {names[predicted]}")
        share = f", {count / total * 100:.1f} % of {total:,}" if total else ""
        lines += [[], [Segment(f"{text}: {count:,}{share}", look.styles.strong)]]
        top = len(lines) + 1
        pairs = confused_pairs(confusion, min(10, max(0, height - len(lines) - 2)))
        if pairs:
            lines += [[], [Segment("most confused:", look.styles.dim)]]
        lines += [fitted([Segment(f"  {pair_sentence(p, names)}", look.styles.text)], width) for p in pairs]
        return self._with_images(
            lines, top, Selection(true=true, predicted=predicted, order="confidence"), width, height
        )

    def _with_images(self, lines: list[Line], top: int, cell: Selection, width: int, height: int) -> list[Line]:
        """The most confident images of the cell beside the lines from `top` on, if there is room."""
        results, look = self.run.results, self.look
        left = max((width_of(line) for line in lines[top:]), default=0) + 4
        room, rows = width - left, height - top
        if results is None or results.images is None or look.mode == "off" or room < 40 or rows < 10:
            return lines
        numbers = select(results, cell)
        if not len(numbers):
            return lines
        grid = fit(room, rows - 1, most=len(numbers), captions=captions_for(results.class_names))
        if not grid.side:
            return lines
        shown = min(grid.page, len(numbers))
        title = "all images of this cell"
        if shown < len(numbers):
            title = f"{shown:,} of {len(numbers):,} images of this cell, most confident first"
        images = gallery(results, numbers[:shown], None, grid, room, look)
        below = beside([(left, lines[top:]), (room, [[Segment(title, look.styles.dim)], *images])], 0)
        return [*lines[:top], *below]

    def _waiting(self) -> list[Line]:
        text = [
            "The confusion matrix of the validation images appears here after each epoch,",
            "that of the test images at the end of the run.",
        ]
        if self.run.capabilities.evaluate:
            text.append("Press e to classify the test images now.")
        return [[Segment(line, self.look.styles.dim)] for line in text]

    def _history(self, width: int, height: int) -> list[Line]:
        rows = self.run.state.rows
        if not rows:
            return [[Segment("A curve for each class appears here after the first epoch.", self.look.styles.dim)]]
        names = [c.name for c in rows[-1].per_class]
        accuracies = [[r.per_class[i].accuracy for r in rows if i < len(r.per_class)] for i in range(len(names))]
        chosen = min(self.cursor[0], len(names) - 1)
        return class_history(names, accuracies, (rows[0].epoch, rows[-1].epoch), chosen, width, height, self.look)

    # -- actions ----------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
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
        n = len(self.names)
        if n:
            row, column = self.cursor
            self.cursor = min(n - 1, max(0, row + y)), min(n - 1, max(0, column + x))
            self._redraw()

    def action_normalise(self) -> None:
        self.normalisation = (self.normalisation + 1) % len(NORMALISATIONS)
        self._redraw()

    def action_order(self) -> None:
        self.order = (self.order + 1) % len(CLASS_ORDERS)
        self._redraw()

    def action_history(self) -> None:
        self.over_epochs = True
        self._redraw()

    def action_matrix(self) -> None:
        self.over_epochs = False
        self._redraw()

    def action_open(self) -> None:
        """Show the images of the cell under the cursor."""
        confusion = self.confusion
        if confusion is None or self.run.results is None:
            return
        true, predicted = self._cell(confusion)
        predictions = self.host.run_screens["predictions"]
        assert isinstance(predictions, PredictionsScreen)
        predictions.select(Selection(true=true, predicted=predicted, order="confidence"))
        self.host.action_view("predictions")
