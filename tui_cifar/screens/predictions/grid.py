"""The grid of predictions: filters, orders, pages."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui_cifar.render.images.captions import captions_for
from tui_cifar.render.images.gallery import gallery
from tui_cifar.render.images.grid import Grid, fit
from tui_cifar.render.text.line import Line
from tui_cifar.run.predictions import Results
from tui_cifar.run.selection import LEAST_CERTAIN, MOST_CONFIDENTLY_WRONG
from tui_cifar.screens.dialogs.choose import ChoiceDialog, GoToDialog
from tui_cifar.screens.predictions.view import Host, View, key
from tui_cifar.widgets.canvas import Canvas

SIZES = (None, 32, 16, 8)
"""Columns of an image; None fills the screen."""


class GridView(View):
    """Images in rows and columns."""

    MINOR: ClassVar[frozenset[str]] = frozenset({"reverse", "preset", "go_to", "size"})
    BINDINGS: ClassVar[list[BindingType]] = [
        key("a", "outcome('all')", "All", "browse.all", "All images: no filter"),
        key("w", "outcome('misclassified')", "Wrong", "browse.wrong", "Misclassified images only"),
        key("r", "outcome('correct')", "Correct", "browse.correct", "Correctly classified images only"),
        key("t", "choose_class('true')", "True", "browse.true", "One true class only"),
        key("p", "choose_class('predicted')", "Predicted", "browse.predicted", "One predicted class only"),
        key("o", "order", "Order", "browse.order", "Next order: number, confidence, loss, margin"),
        key("v", "reverse", "Reverse", "browse.reverse", "Reverse the order"),
        key("c", "preset('wrong')", "Worst", "browse.worst", "Most confidently wrong first"),
        key("u", "preset('uncertain')", "Uncertain", "browse.unsure", "Closest calls first"),
        key("g", "go_to", "Go to", "browse.goto", "Go to an image by its number"),
        key("z", "size", "Size", "browse.size", "Next size of the images"),
        key("enter", "open", "Open", "browse.open", "The image in detail"),
        key("pageup", "page(-1)", "Page up", "browse.pageup", "Previous page", show=False),
        key("pagedown", "page(1)", "Page down", "browse.pagedown", "Next page", show=False),
    ]

    def __init__(self, host: Host, *, ascii: bool, id: str) -> None:
        super().__init__(host, ascii=ascii, id=id)
        self.grid = Grid(0, 1, 1)
        """As last drawn."""
        self._zoom = 0

    def draw(self, results: Results, width: int, height: int) -> list[Line]:
        browser, look = self.host.browser, self.host.look
        if results.images is not None and look.mode != "off":
            self.grid = fit(width, height, SIZES[self._zoom], captions=captions_for(results.class_names))
        else:
            self.grid = Grid(0, 1, max(1, height))
        width -= not self.grid.side
        return gallery(results, browser.page(self.grid.page), browser.number, self.grid, width, look)

    # -- actions ----------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action in ("move", "edge") or self.host.browser.results is not None

    def action_outcome(self, outcome: str) -> None:
        self.host.browser.filter_outcome(outcome)
        self.host.remember()
        self.host.redraw()

    def action_choose_class(self, which: str) -> None:
        """Ask for a class and show only its images."""
        browser = self.host.browser
        if browser.results is None:
            return
        counts = browser.class_counts(which)
        current: int | None = getattr(browser.selection, which)

        def chosen(answer: int | None) -> None:
            if answer is not None:
                browser.filter(browser.selection.with_class(which, answer - 1 if answer else None))
                self.host.redraw()

        options, notes = ["any class", *browser.results.class_names], [f"{count:,}" for count in (sum(counts), *counts)]
        dialog = ChoiceDialog(f"{which.capitalize()} class", options, 0 if current is None else current + 1, notes)
        self.app.push_screen(dialog, chosen)

    def action_order(self) -> None:
        self.host.browser.next_order()
        self.host.remember()
        self.host.redraw()

    def action_reverse(self) -> None:
        self.host.browser.reverse()
        self.host.remember()
        self.host.redraw()

    def action_preset(self, name: str) -> None:
        self.host.browser.select(MOST_CONFIDENTLY_WRONG if name == "wrong" else LEAST_CERTAIN)
        self.host.remember()
        self.host.redraw()

    def action_go_to(self) -> None:
        browser = self.host.browser
        if browser.results is None:
            return

        def chosen(number: int | None) -> None:
            if number is not None:
                browser.go_to(number)
                self.host.redraw()

        self.app.push_screen(GoToDialog(len(browser.results) - 1), chosen)

    def action_size(self) -> None:
        self._zoom = (self._zoom + 1) % len(SIZES)
        self.host.redraw()

    def action_open(self) -> None:
        if self.host.browser.number is not None:
            self.host.open_detail()

    def action_move(self, x: int, y: int) -> None:
        self.go(x + y * self.grid.columns)

    def action_page(self, step: int) -> None:
        self.go(step * self.grid.page)

    # -- mouse ------------------------------------------------------------------------------------------------------------

    def on_canvas_pressed(self, message: Canvas.Pressed) -> None:
        """A click moves the cursor, a double click opens the image."""
        browser, place = self.host.browser, self.grid.place_at(message.x, message.y)
        if place is None or (place := browser.page_start(self.grid.page) + place) >= len(browser.numbers):
            return
        browser.move_to(place)
        self.host.redraw()
        if message.twice:
            self.action_open()

    def on_canvas_scrolled(self, message: Canvas.Scrolled) -> None:
        """The wheel turns pages."""
        self.action_page(message.by)
