"""All predictions of the test or validation images: filtered, ordered, paged, and each in detail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

import numpy as np
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType

from engine.inspection.types import Inspection
from tui_cifar.render.images import detail
from tui_cifar.render.images.gallery import Guess, captions_for, gallery, guess_of
from tui_cifar.render.images.grid import Grid, fit
from tui_cifar.render.images.mosaic import Line
from tui_cifar.render.text.ink import spread, words
from tui_cifar.run.inspector import Answered
from tui_cifar.run.predictions import (
    LEAST_SURE,
    MOST_CONFIDENTLY_WRONG,
    ORDERS,
    OUTCOMES,
    Results,
    Selection,
    select,
    with_class,
    with_outcome,
)
from tui_cifar.screens.base.predictions_screen import WIDE, ResultsScreen
from tui_cifar.screens.dialogs.choose import ChoiceDialog, GoToDialog
from tui_cifar.widgets.canvas import Canvas

ZOOMS = (None, 32, 16, 8)
"""Columns of an image; None fills the screen."""
_GRID = ("outcome", "choose_class", "order", "reverse", "preset", "go_to", "zoom", "open", "page")
_DETAIL = ("look", "close", "walk")


def _key(keys: str, action: str, word: str, id: str, tooltip: str, *, show: bool = True, display: str = "") -> Binding:
    return Binding(keys, action, word, id=id, tooltip=tooltip, show=show, key_display=display or None)


class PredictionsScreen(ResultsScreen):
    """A grid of images, and one of them in detail."""

    view_id = "predictions"
    MINOR = frozenset({"images", "reverse", "preset", "go_to", "zoom"})
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("a", "outcome('all')", "All", "browse.all", "All images: no filter"),
        _key("w", "outcome('misclassified')", "Wrong", "browse.wrong", "Misclassified images only"),
        _key("r", "outcome('correct')", "Correct", "browse.correct", "Correctly classified images only"),
        _key("t", "choose_class('true')", "True", "browse.true", "Only one true class"),
        _key("p", "choose_class('predicted')", "Guess", "browse.predicted", "Only one predicted class"),
        _key("o", "order", "Order", "browse.order", "Next order: number, confidence, loss, margin"),
        _key("v", "reverse", "Reverse", "browse.reverse", "The same order from its other end"),
        _key("c", "preset('wrong')", "Worst", "browse.worst", "Most confidently wrong first"),
        _key("u", "preset('unsure')", "Unsure", "browse.unsure", "Closest calls first"),
        _key("g", "go_to", "Go to", "browse.goto", "Go to an image by its number"),
        _key("z", "zoom", "Size", "browse.size", "Size of the images"),
        _key("enter", "open", "Open", "browse.open", "The marked image in detail"),
        _key("pageup", "page(-1)", "Page up", "browse.pageup", "Page before", show=False),
        _key("pagedown", "page(1)", "Page down", "browse.pagedown", "Next page", show=False),
        _key("p", "look('image')", "Image", "detail.image", "Image and probabilities"),
        _key("c", "look('channels')", "Channels", "detail.channels", "Red, green, blue; again: the next of them"),
        _key("x", "look('augmented')", "Augmented", "detail.augmented", "As augmentation presents it"),
        _key("m", "look('map')", "Map", "detail.map", "Where the network looked (Grad-CAM)"),
        _key("o", "other_class", "Other class", "detail.class", "Where it looked for the next likely class"),
        _key("comma", "walk(-1)", "Before", "detail.before", "The image before", show=False, display=","),
        _key("full_stop", "walk(1)", "Next", "detail.next", "The next image", show=False, display="."),
        _key("escape,enter,backspace", "close", "Back", "detail.close", "Back to the grid", display="esc"),
        _key("left", "move(-1, 0)", "Left", "browse.left", "Left; in the detail, the image before", show=False),
        _key("right", "move(1, 0)", "Right", "browse.right_arrow", "Right; in the detail, the next one", show=False),
        _key("up", "move(0, -1)", "Up", "browse.up", "Up", show=False),
        _key("down", "move(0, 1)", "Down", "browse.down", "Down", show=False),
        _key("home", "edge(False)", "First", "browse.home", "First image", show=False),
        _key("end", "edge(True)", "Last", "browse.end", "Last image", show=False),
    ]

    def __init__(self, *, images: str, ascii: bool) -> None:
        super().__init__(images=images, ascii=ascii)
        self.selection = Selection()
        self.numbers = np.zeros(0, dtype=np.int64)
        """The images that the selection shows, in its order."""
        self.cursor = 0
        """Place of the marked image among them."""
        self.look: str | None = None
        """The view of the detail, or None while the grid is shown."""
        self.pixel = (16, 16)
        self.channel = 0
        self.answer: Inspection | str | None = None
        self._asked: object = None
        self.mapped = 0
        """Place of the class, among the likeliest, for which it is shown where the network looked."""
        self._zoom = 0
        self._grid = Grid(0, 1, 1)
        self._of: Results | None = None
        self._left: dict[str, int | None] = {}
        """The image that was marked in each set when the other one was taken."""

    def body(self) -> ComposeResult:
        """A line of words and the images."""
        status = Canvas(self._status, ascii=self._ascii, id="status")
        status.styles.height = 1
        yield status
        yield Canvas(self._draw, ascii=self._ascii, id="images-canvas")

    # -- what is shown ----------------------------------------------------------------------------------------------------

    @property
    def results(self) -> Results | None:
        """The evaluation that is shown."""
        return self.cifar.results

    @property
    def number(self) -> int | None:
        """The number of the marked image in its set."""
        return int(self.numbers[self.cursor]) if len(self.numbers) else None

    def parts(self) -> tuple[str, ...]:
        """The evaluation; whether one is under way."""
        return ("predictions",)

    def state(self) -> object:
        """Which results, and who answers questions."""
        return super().state(), self._answering

    @property
    def _answering(self) -> tuple[bool, bool]:
        """Whether the run is under way, and has begun: it answers questions until its end, and others do afterwards."""
        return self.view.terminal is None, self.view.started is None

    def update(self, view: object) -> None:
        """Show the results."""
        self._take_results()
        self._redraw()

    def _take_results(self) -> None:
        """Other results: select again, and keep to the marked image, or to its place where it is not among them now."""
        old, new = self._of, self.results
        if new is old:
            return
        self._of = new
        number, place, look = self.number, self.cursor, self.look
        if old is not None and new is not None and old.split != new.split:
            self._left[old.split], number, place, look = number, self._left.get(new.split), 0, None
        self._select(self.selection, number)
        if number is None or self.number != number:
            self.cursor, look = max(0, min(place, len(self.numbers) - 1)), None
        self.look = look

    def set_selection(self, selection: Selection) -> None:
        """Show other images, from the first."""
        self._take_results()
        self.look = None
        self._select(selection, None)
        self._redraw()

    def _select(self, selection: Selection, number: int | None) -> None:
        """Show other images, with the one of this number marked where it is among them, else the first."""
        self.selection = selection
        self.numbers = np.zeros(0, dtype=np.int64) if self.results is None else select(self.results, selection)
        at = np.flatnonzero(self.numbers == number) if number is not None else np.zeros(0, dtype=np.int64)
        self.cursor = int(at[0]) if len(at) else 0
        if not len(self.numbers):
            self.look = None

    def on_mount(self) -> None:
        """What was chosen the last time."""
        super().on_mount()
        choice = self.cifar.settings.choice
        outcome, order = choice("predictions", OUTCOMES) or "all", choice("predictions order", ORDERS) or "number"
        reverse = bool(choice("predictions reversed", (True, False)))
        if self.selection == Selection():  # and no other screen asked for something else
            self.selection = Selection(outcome, order=order, reverse=reverse)
            self._of = None

    def _remember(self) -> None:
        """Outcome and order: a class means something only with the data at hand."""
        remember, chosen = self.cifar.settings.remember, self.selection
        remember("predictions", chosen.outcome)
        remember("predictions order", chosen.order)
        remember("predictions reversed", chosen.reverse)

    def _redraw(self) -> None:
        self.refresh_bindings()
        for canvas in self.query(Canvas):
            canvas.redraw()

    def _status(self, width: int, height: int) -> list[Line]:
        self._take_results()  # the first frame of the screen is drawn before `update`
        results, inks = self.results, self.inks
        if results is None:
            return [[words("Predictions", inks.strong)]]
        shown, total = len(self.numbers), len(results)
        left = self.heading(results.split, results.weights, width)
        left.append(words(self.selection.words(results.class_names), inks.accent))
        place = f"{self.cursor + 1:,} of {shown:,}" if shown else "none"
        if shown != total:
            place += f" ({total:,} in all)" if width >= WIDE else f"/{total:,}"
        number = f"#{self.number:,}   " if self.number is not None else ""
        return [spread(left, [words(number, inks.dim), words(place, inks.text)], width)]

    def _draw(self, width: int, height: int) -> list[Line]:
        self._take_results()
        results, inks = self.results, self.inks
        if results is None:
            return self._waiting()
        if not len(self.numbers):
            return [[words("No image is like that. Press a for all.", inks.dim)]]
        if self.look is not None:
            return self._draw_detail(results, width - 1, height)
        drawn = results.images is not None and self.mode != "off"
        room = captions_for(results.class_names)
        self._grid = fit(width, height, ZOOMS[self._zoom], captions=room) if drawn else Grid(0, 1, max(1, height))
        first = self.cursor // self._grid.page * self._grid.page
        width -= not self._grid.side
        return gallery(results, self.numbers, first, self.cursor, self._grid, width, self.mode, inks, light=self.light)

    def _waiting(self) -> list[Line]:
        ink = self.inks.dim
        if self.cifar.results_missing:
            return [[words(self.cifar.results_missing, ink)]]
        if self.view.terminal is not None:
            return [
                [words("This run ended before there were predictions.", ink)],
                [words("The validation of an epoch makes them, an evaluation (key e), and the test at the end.", ink)],
            ]
        lines: list[Line] = [
            [words("The predictions of the validation images appear here after each epoch,", ink)],
            [words("those of the test images at the end of the run.", ink)],
        ]
        if self.view.started is not None:
            lines.append([words("Press e to classify the test images now, with the weights of this very batch.", ink)])
        return lines

    def _draw_detail(self, results: Results, width: int, height: int) -> list[Line]:
        number = self.number
        assert number is not None
        self._ask(number)
        image = None if results.images is None else np.asarray(results.images[number])
        figures = (
            f"loss {results.loss[number]:.3f}   margin {results.margin[number]:.3f}",
            f"{results.weights}   ← → other images",
        )
        subject = detail.Subject(
            image, results.class_names, results.probabilities[number], int(results.labels[number]), figures
        )
        look = detail.Look(self.mode, self.inks, self.light, self._ascii)
        answer = self.answer
        if self.look == "image" or image is None:
            return detail.image_view(subject, answer, width, height, look, self.mapped, self._neighbours(results))
        if self.look == "channels":
            numbers = answer.network_input if isinstance(answer, Inspection) else None
            return detail.channels_view(image, numbers, self.pixel, self.channel, width, height, look)
        if not isinstance(answer, Inspection):
            waiting = replace(subject, figures=(answer or "The network is being asked …",))
            return detail.image_view(waiting, answer, width, height, look)
        if self.look == "augmented":
            return detail.augmented_view(answer, width, height, look)
        return detail.map_view(subject, answer, self.mapped, width, height, look)

    def _neighbours(self, results: Results) -> list[tuple[np.ndarray, Guess]]:
        """Two images before the marked one and two after it, of those that are shown."""
        if results.images is None:
            return []
        near = self.numbers[max(0, self.cursor - 2) : self.cursor + 3].tolist()
        return [(np.asarray(results.images[n]), guess_of(results, n)) for n in near if n != self.number]

    # -- questions to the network -----------------------------------------------------------------------------------------

    def _ask(self, number: int) -> None:
        results = self.results
        key = (results, number, self._answering)
        if results is None or results.images is None or key == self._asked:
            return
        self._asked = key
        if not isinstance(self.answer, Inspection) or not np.array_equal(self.answer.image, results.images[number]):
            self.answer = None
        self.cifar.inspector.ask(np.array(results.images[number]), key, self.post_message)

    def on_answered(self, message: Answered) -> None:
        """Show the answer, if it is to the newest question."""
        if message.key == self._asked:
            self.answer = message.answer
            if self.look is not None:
                self.query_one("#images-canvas", Canvas).redraw()

    # -- actions ----------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The grid and the detail have keys of their own."""
        if action in _GRID:
            return self.look is None and self.results is not None
        if action == "other_class":
            return self.look in ("map", "image")
        if action in _DETAIL:
            return self.look is not None
        return super().check_action(action, parameters)

    def action_outcome(self, outcome: str) -> None:
        """All, misclassified, or correct."""
        self._select(
            Selection(order=self.selection.order, reverse=self.selection.reverse)
            if outcome == "all"
            else with_outcome(self.selection, outcome),
            self.number,
        )
        self._remember()
        self._redraw()

    def action_choose_class(self, which: str) -> None:
        """Ask for a class and show only images of it."""
        if self.results is None:
            return
        current: int | None = getattr(self.selection, which)

        def chosen(answer: int | None) -> None:
            if answer is not None:
                self._select(with_class(self.selection, which, answer - 1 if answer else None), self.number)
                self._redraw()

        options = ["any class", *self.results.class_names]
        others = replace(self.selection, true=None) if which == "true" else replace(self.selection, predicted=None)
        of = (self.results.labels if which == "true" else self.results.predicted)[select(self.results, others)]
        counts = [len(of), *np.bincount(of, minlength=len(self.results.class_names)).tolist()]
        notes = [f"{count:,}" for count in counts]
        title = f"{which.capitalize()} class"
        self.app.push_screen(ChoiceDialog(title, options, 0 if current is None else current + 1, notes), chosen)

    def action_order(self) -> None:
        """The next order."""
        keys = list(ORDERS)
        following = keys[(keys.index(self.selection.order) + 1) % len(keys)]
        self._select(replace(self.selection, order=following, reverse=False), None)
        self._remember()
        self._redraw()

    def action_reverse(self) -> None:
        """The order from its other end."""
        self._select(replace(self.selection, reverse=not self.selection.reverse), None)
        self._remember()
        self._redraw()

    def action_preset(self, name: str) -> None:
        """Most confidently wrong, or least sure."""
        self.set_selection(MOST_CONFIDENTLY_WRONG if name == "wrong" else LEAST_SURE)
        self._remember()

    def action_go_to(self) -> None:
        """Ask for a number and go there; an image that the filters hide switches them off."""
        if self.results is None:
            return

        def chosen(number: int | None) -> None:
            if number is None:
                return
            if not (self.numbers == number).any():
                self._select(Selection(order=self.selection.order, reverse=self.selection.reverse), None)
            self.cursor = int(np.flatnonzero(self.numbers == number)[0])
            self._redraw()

        self.app.push_screen(GoToDialog(len(self.results) - 1), chosen)

    def action_zoom(self) -> None:
        """The next size of the images."""
        self._zoom = (self._zoom + 1) % len(ZOOMS)
        self._redraw()

    def action_open(self) -> None:
        """The detail of the marked image."""
        if self.number is not None:
            self.look = "image"
            self._redraw()

    def action_close(self) -> None:
        """Back to the grid."""
        self.look, self.mapped = None, 0
        self._redraw()

    def action_look(self, view: str) -> None:
        """Another view of the image; of the channels, again for the next one."""
        if view == "channels" and self.look == "channels":
            self.channel = (self.channel + 1) % 3
        self.look = view
        self._redraw()

    def action_other_class(self) -> None:
        """Where the network looked for the next likely class."""
        if isinstance(self.answer, Inspection):
            self.mapped = (self.mapped + 1) % len(self.answer.cam_classes)
            self._redraw()

    def action_walk(self, step: int) -> None:
        """The next image of the selection."""
        self._go(self.cursor + step)

    def action_move(self, x: int, y: int) -> None:
        """Move the mark; in the detail walk to a neighbour, or move over the pixels."""
        if self.look == "channels":
            row, column = self.pixel
            self.pixel = min(31, max(0, row + y)), min(31, max(0, column + x))
            self._redraw()
        elif self.look is not None:
            self._go(self.cursor + x)
        else:
            self._go(self.cursor + x + y * self._grid.columns)

    def action_page(self, step: int) -> None:
        """A page on or back."""
        self._go(self.cursor + step * self._grid.page)

    def action_edge(self, last: bool) -> None:
        """The first or the last image."""
        self._go(len(self.numbers) - 1 if last else 0)

    def _go(self, place: int) -> None:
        place = min(len(self.numbers) - 1, max(0, place))
        if place != self.cursor and place >= 0:
            self.cursor = place
            self.mapped = 0
            self._redraw()

    # -- mouse ------------------------------------------------------------------------------------------------------------

    def on_canvas_pressed(self, message: Canvas.Pressed) -> None:
        """Mark the image under the mouse; twice opens it; on a channel, the pixel."""
        if message.canvas.id != "images-canvas" or not len(self.numbers):
            return
        if self.look == "channels":
            size = message.canvas.content_size
            pixel = detail.channel_layout(self.pixel[0], size.width - 1, size.height).pixel(message.x, message.y)
            if pixel is not None:
                self.pixel = pixel
                self._redraw()
            return
        if self.look is not None:
            return
        g = self._grid
        x, y = message.x // (g.width + g.gap) if g.side else 0, message.y // g.height
        place = self.cursor // g.page * g.page + y * g.columns + x
        if x < g.columns and y < g.rows and place < len(self.numbers):
            self._go(place)
            if message.twice:
                self.action_open()

    def on_canvas_scrolled(self, message: Canvas.Scrolled) -> None:
        """The wheel turns pages."""
        if self.look is None:
            self.action_page(message.by)
        else:
            self.action_walk(message.by)

    def commands(self) -> Iterable[SystemCommand]:
        """Each class as a filter, and each order."""
        results = self.results
        if results is None:
            return
        for which in ("true", "predicted"):
            for i, name in enumerate(results.class_names):
                chosen = with_class(self.selection, which, i)
                yield SystemCommand(
                    f"{which.capitalize()} class: {name}",
                    "Show only these predictions",
                    lambda s=chosen: self.set_selection(s),
                )
        for order, (told, reversed_) in ORDERS.items():
            for word, back in ((told, False), (reversed_, True)):
                chosen = replace(self.selection, order=order, reverse=back)
                yield SystemCommand(
                    f"Order: {word}", "Order of the predictions", lambda s=chosen: self.set_selection(s)
                )
