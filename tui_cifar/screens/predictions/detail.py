"""One prediction in detail: image and probabilities, channels, augmentation, Grad-CAM."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from textual.binding import BindingType

from engine.inspection.types import Inspection
from tui_cifar.render.images.augmentation import augmented_view
from tui_cifar.render.images.captions import Prediction, prediction_of
from tui_cifar.render.images.channels import channel_layout, channels_view
from tui_cifar.render.images.detail import image_view
from tui_cifar.render.images.gradcam import map_view
from tui_cifar.render.images.probabilities import Subject
from tui_cifar.render.text.line import Line
from tui_cifar.run.inspector import Answered
from tui_cifar.run.predictions import Results
from tui_cifar.screens.predictions.view import Host, View, key
from tui_cifar.widgets.canvas import Canvas


class DetailView(View):
    """The image under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("p", "show('image')", "Image", "detail.image", "Image and probabilities"),
        key("c", "show('channels')", "Channels", "detail.channels", "Red, green, blue; again: the next channel"),
        key("x", "show('augmented')", "Augmented", "detail.augmented", "Samples of the augmentation"),
        key("m", "show('map')", "Map", "detail.map", "Grad-CAM: which parts are evidence for a class"),
        key("o", "next_class", "Next class", "detail.class", "Grad-CAM for the next most likely class"),
        key("comma", "walk(-1)", "Previous", "detail.before", "The previous image", show=False, display=","),
        key("full_stop", "walk(1)", "Next", "detail.next", "The next image", show=False, display="."),
        key("escape,enter,backspace", "close", "Back", "detail.close", "Back to the grid", display="esc"),
    ]

    def __init__(self, host: Host, *, ascii: bool, id: str) -> None:
        super().__init__(host, ascii=ascii, id=id)
        self.aspect = "image"
        """What is shown of it: "image", "channels", "augmented" or "map"."""
        self.pixel = (16, 16)
        """The cursor over the channels: (row, column)."""
        self.channel = 0
        self.answer: Inspection | str | None = None
        """What the network made of the image, or why it could not be asked; None while it is being asked."""
        self._asked: object = None
        self._cam = 0
        """The Grad-CAM map that is shown, as a place among the most likely classes."""
        self._cam_of: object = None

    def open(self) -> None:
        """Begin with the image and its most likely class."""
        self.aspect, self._cam = "image", 0

    @property
    def cam(self) -> int:
        """The Grad-CAM map that is shown; another image begins with its most likely class."""
        if (image := self.host.browser.number) != self._cam_of:
            self._cam, self._cam_of = 0, image
        return self._cam

    def draw(self, results: Results, width: int, height: int) -> list[Line]:
        browser, look = self.host.browser, self.host.look
        number = browser.number
        assert number is not None
        self._ask(results, number)
        width -= 1
        image = None if results.images is None else np.asarray(results.images[number])
        notes = (
            f"loss {results.loss[number]:.3f}   margin {results.margin[number]:.3f}",
            f"{results.weights}   ← → other images",
        )
        subject = Subject(image, results.class_names, results.probabilities[number], int(results.labels[number]), notes)
        answer = self.answer
        if self.aspect == "image" or image is None:
            return image_view(subject, answer, width, height, look, self.cam, self._neighbours(results))
        if self.aspect == "channels":
            values = answer.network_input if isinstance(answer, Inspection) else None
            return channels_view(image, values, self.pixel, self.channel, width, height, look)
        if not isinstance(answer, Inspection):
            return image_view(replace(subject, notes=(answer or "Asking the network …",)), answer, width, height, look)
        if self.aspect == "augmented":
            return augmented_view(answer.image, answer.draws, width, height, look)
        return map_view(subject, answer, self.cam, width, height, look)

    def _neighbours(self, results: Results) -> list[tuple[np.ndarray, Prediction]]:
        """The two previous and the two next images."""
        if results.images is None:
            return []
        near = self.host.browser.neighbours(2)
        return [(np.asarray(results.images[n]), prediction_of(results, n)) for n in near]

    # -- questions to the network -----------------------------------------------------------------------------------------

    def _ask(self, results: Results, number: int) -> None:
        key = (results, number, self.host.answerer)
        if results.images is None or key == self._asked:
            return
        self._asked = key
        if not isinstance(self.answer, Inspection) or not np.array_equal(self.answer.image, results.images[number]):
            self.answer = None
        self.host.ask(np.array(results.images[number]), key, self.post_message)

    def on_answered(self, message: Answered) -> None:
        """Show the answer, unless something else has been asked since."""
        if message.key == self._asked:
            self.answer = message.answer
            self.redraw()

    # -- actions ----------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "next_class" or self.aspect in ("map", "image")

    def action_show(self, aspect: str) -> None:
        """Show something else of the image; "channels" again marks the next channel."""
        if aspect == self.aspect == "channels":
            self.channel = (self.channel + 1) % 3
        self.aspect = aspect
        self.host.redraw()

    def action_next_class(self) -> None:
        if isinstance(self.answer, Inspection):
            self._cam = (self.cam + 1) % len(self.answer.cam_classes)
            self.host.redraw()

    def action_walk(self, step: int) -> None:
        self.go(step)

    def action_move(self, x: int, y: int) -> None:
        """Move over the pixels of the channels; elsewhere to the previous or the next image."""
        if self.aspect != "channels":
            self.go(x)
            return
        row, column = self.pixel
        self.pixel = min(31, max(0, row + y)), min(31, max(0, column + x))
        self.host.redraw()

    def action_close(self) -> None:
        self.host.close_detail()

    # -- mouse ------------------------------------------------------------------------------------------------------------

    def on_canvas_pressed(self, message: Canvas.Pressed) -> None:
        """A click on a channel moves the cursor to the pixel."""
        if self.aspect == "channels":
            size = self.content_size
            layout = channel_layout(self.pixel[0], size.width - 1, size.height)
            self.pixel = layout.pixel(message.x, message.y) or self.pixel
            self.host.redraw()

    def on_canvas_scrolled(self, message: Canvas.Scrolled) -> None:
        """The wheel goes through the images."""
        self.go(message.by)
