"""The screen of predictions: a line that says what is shown, and below it the grid or the detail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from textual.app import ComposeResult, SystemCommand
from textual.message import Message
from textual.widget import Widget

from tui_cifar.render.text.line import Line, spread
from tui_cifar.run.browser import Browser
from tui_cifar.run.selection import ORDERS, OUTCOMES, Selection
from tui_cifar.run.state import RunState
from tui_cifar.screens.base.predictions_screen import WIDE, ResultsScreen
from tui_cifar.screens.predictions.detail import DetailView
from tui_cifar.screens.predictions.grid import GridView
from tui_cifar.screens.predictions.view import View
from tui_cifar.widgets.canvas import Canvas


class PredictionsScreen(ResultsScreen):
    """Whichever of the two views is shown has the focus, and with it the keys."""

    view_id = "predictions"
    MINOR = frozenset({"images"})
    KEY_VIEWS: ClassVar[tuple[type[Widget], ...]] = (GridView, DetailView)

    def __init__(self, *, ascii: bool) -> None:
        super().__init__(ascii=ascii)
        self._browser = Browser()
        self._image_changed = False
        """Another evaluation is shown, and the cursor is on another image."""
        self.grid = GridView(self, ascii=ascii, id="grid")
        self.detail = DetailView(self, ascii=ascii, id="detail")
        self.detail.display = False

    def body(self) -> ComposeResult:
        status = Canvas(self._status, ascii=self._ascii, id="status")
        status.styles.height = 1
        yield status
        yield self.grid
        yield self.detail

    def on_mount(self) -> None:
        """Begin as it was left the last time, unless another screen has asked for something else."""
        super().on_mount()
        choice = self.host.settings.choice
        outcome, order = choice("predictions", OUTCOMES) or "all", choice("predictions order", ORDERS) or "number"
        reverse = bool(choice("predictions reversed", (True, False)))
        if self._browser.selection == Selection():
            self.browser.select(Selection(outcome, order=order, reverse=reverse))

    async def mount_composed_widgets(self, widgets: list[Widget]) -> None:
        """Focus the grid at once: the footer asks for its keys while it is mounted."""
        mounted = self.mount_all(widgets)
        self.set_focus(self.grid, scroll_visible=False)
        await mounted

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """Focus a view, never nothing: its keys work whatever was clicked, and in a terminal that lost the focus."""
        super().set_focus(widget or self.shown_view, scroll_visible, from_app_focus)

    # -- what is shown ----------------------------------------------------------------------------------------------------

    @property
    def browser(self) -> Browser:
        """The browser, on the evaluation that is shown now."""
        if not self._browser.show(self.run.results):
            self._image_changed = True
        return self._browser

    @property
    def shown_view(self) -> View:
        """The grid or the detail."""
        return self.detail if self.detail.display else self.grid

    @property
    def answerer(self) -> object:
        """The run answers questions from its beginning to its end, others do afterwards."""
        return self.run.state.ended is None, self.run.state.started is None

    def parts(self) -> tuple[str, ...]:
        return ("predictions",)

    def redraw_key(self) -> object:
        return super().redraw_key(), self.answerer

    def update(self, state: RunState) -> None:
        if self.browser.number is None or self._image_changed:
            self.close_detail()
        self._image_changed = False
        self.redraw()

    def select(self, selection: Selection) -> None:
        """Show other images, from the first, in the grid."""
        self.browser.select(selection)
        self.close_detail()

    def open_detail(self) -> None:
        self.detail.open()
        self._switch(self.detail)

    def close_detail(self) -> None:
        self._switch(self.grid)

    def _switch(self, view: View) -> None:
        if view is not self.shown_view:
            self.grid.display, self.detail.display = view is self.grid, view is self.detail
            self.set_focus(view, scroll_visible=False)
        self.redraw()

    def redraw(self) -> None:
        self.refresh_bindings()
        for canvas in self.query(Canvas):
            canvas.redraw()

    def remember(self) -> None:
        """Keep outcome and order for the next start. Classes mean something for one data set only."""
        remember, selection = self.host.settings.remember, self._browser.selection
        remember("predictions", selection.outcome)
        remember("predictions order", selection.order)
        remember("predictions reversed", selection.reverse)

    def ask(self, image: np.ndarray, key: object, post: Callable[[Message], object]) -> None:
        self.run.inspect(image, key, post)

    # -- drawing ----------------------------------------------------------------------------------------------------------

    def _status(self, width: int, height: int) -> list[Line]:
        browser, styles = self.browser, self.look.styles
        results = browser.results
        if results is None:
            return [[Segment("Predictions", styles.strong)]]
        shown, total = len(browser.numbers), len(results)
        left = self.heading(results.split, results.weights, width)
        left.append(Segment(browser.selection.describe(results.class_names), styles.accent))
        place = f"{browser.cursor + 1:,} of {shown:,}" if shown else "none"
        if shown != total:
            place += f" ({total:,} in total)" if width >= WIDE else f"/{total:,}"
        number = f"#{browser.number:,}   " if browser.number is not None else ""
        return [spread(left, [Segment(number, styles.dim), Segment(place, styles.text)], width)]

    def waiting(self) -> list[Line]:
        """What to say before there are predictions."""
        if self.run.results_missing:
            text = [self.run.results_missing]
        elif self.run.state.ended is not None:
            text = [
                "This run ended before there were any predictions.",
                "They come with the validation of each epoch, with an evaluation (key e), and with the final test.",
            ]
        else:
            text = [
                "The predictions for the validation images appear here after each epoch,",
                "those for the test images at the end of the run.",
            ]
            if self.run.capabilities.evaluate:
                text.append("Press e to classify the test images now, with the weights of the current batch.")
        return [[Segment(line, self.look.styles.dim)] for line in text]

    # -- palette ----------------------------------------------------------------------------------------------------------

    def commands(self) -> Iterable[SystemCommand]:
        """Each class as a filter, and each order."""
        results, selection = self.browser.results, self.browser.selection
        if results is None:
            return
        for which in ("true", "predicted"):
            for i, name in enumerate(results.class_names):
                yield self._command(f"{which.capitalize()} class: {name}", "Filter", selection.with_class(which, i))
        for order, names in ORDERS.items():
            for reverse, name in enumerate(names):
                yield self._command(f"Order: {name}", "Order", replace(selection, order=order, reverse=bool(reverse)))

    def _command(self, title: str, what: str, selection: Selection) -> SystemCommand:
        return SystemCommand(title, f"{what} of the predictions", lambda: self.select(selection))
