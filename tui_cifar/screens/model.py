"""The network: its layers, the filters of the first layer, and the feature maps of an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from textual.binding import Binding, BindingType

from engine.config.recorded import recorded_config
from engine.errors import ConfigError
from engine.events.types import ModelDescribed
from engine.inspection.types import Inspection
from tui_cifar.render.images.feature_maps import feature_maps, filter_tiles, forward_pass
from tui_cifar.render.text.format import size
from tui_cifar.render.text.layer_table import layer_lines
from tui_cifar.render.text.line import Line, fitted
from tui_cifar.run.browser import Browser
from tui_cifar.run.inspector import Answered
from tui_cifar.run.state import RunState, Saved
from tui_cifar.screens.base.tabbed import TabbedScreen
from tui_cifar.screens.predictions import PredictionsScreen


class ModelScreen(TabbedScreen):
    """What is trained."""

    view_id = "model"
    views: ClassVar[Mapping[str, str]] = {
        "layers": "Layers",
        "filters": "First filters",
        "maps": "Feature maps",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "walk(-1)", "Previous image", id="model.before", show=False, tooltip="The previous image"),
        Binding("right", "walk(1)", "Next image", id="model.next", show=False, tooltip="The next image"),
        Binding(
            "n", "ask_again", "Latest weights", id="model.again", tooltip="Inspect the image with the latest weights"
        ),
    ]

    def __init__(self, *, ascii: bool) -> None:
        super().__init__(ascii=ascii)
        self.answer: Inspection | str | None = None
        """What the network made of the image, or why it could not be asked; None while it is being asked."""
        self._asked: object = None
        self._shown = 0

    def parts(self) -> tuple[str, ...]:
        return ("model", "predictions")

    def redraw_key(self) -> object:
        """Who answers questions, and whether there are images to ask about."""
        return self.run.state.ended is None, self.run.state.images is None

    def holds(self, newer: Saved) -> bool:
        """The image is one of the evaluation that is shown."""
        return True

    def update(self, state: RunState) -> None:
        self._asked = None
        self.redraw()

    @property
    def drawers(self) -> Mapping[str, Callable[[int, int], list[Line]]]:
        return {"layers": self._layers, "filters": self._filters, "maps": self._maps}

    def last(self) -> int:
        if self.current == "layers":
            return max(0, len(self.run.state.model.layers) - 1) if self.run.state.model else 0
        if self.current == "maps" and isinstance(self.answer, Inspection):
            return max(0, len(self.answer.maps) - 1)
        return 0

    # -- the image --------------------------------------------------------------------------------------------------------

    @property
    def _browser(self) -> Browser:
        predictions = self.host.run_screens["predictions"]
        assert isinstance(predictions, PredictionsScreen)
        return predictions.browser

    @property
    def image(self) -> tuple[np.ndarray, str] | None:
        """The image under the cursor of the predictions, or else one of those shown during training; and its label."""
        browser = self._browser
        results, number = browser.results, browser.number
        if results is not None and results.images is not None and number is not None:
            return np.array(results.images[number]), f"#{number:,} {results.class_names[results.labels[number]]}"
        if self.run.state.images is not None and self.run.state.labels and self.run.state.class_names:
            i = self._shown % len(self.run.state.labels)
            return self.run.state.images[i], self.run.state.class_names[self.run.state.labels[i]]
        return None

    def _inspected(self) -> Inspection | None:
        """What the network made of the image. Asks it, if that is not known yet."""
        image = self.image
        if image is not None and (key := image[0].tobytes()) != self._asked:
            self._asked = key
            self.run.inspect(image[0], key, self.post_message)
        return self.answer if isinstance(self.answer, Inspection) else None

    def on_answered(self, message: Answered) -> None:
        """Show the answer, unless something else has been asked since."""
        if message.key == self._asked:
            self.answer = message.answer
            self.redraw()

    # -- views ------------------------------------------------------------------------------------------------------------

    def _layers(self, width: int, height: int) -> list[Line]:
        model, look = self.run.state.model, self.look
        if model is None:
            return [[Segment("The layers appear here when training begins.", look.styles.dim)]]
        most = max(1, height - 7 - bool(model.grows))
        top = min(self.top, max(0, len(model.layers) - most))
        lines = layer_lines(model.layers, width, top, most, look)
        if len(model.layers) > most:
            shown = f"layers {top + 1}–{min(top + most, len(model.layers))} of {len(model.layers)} (up, down)"
            lines.append([Segment(shown, look.styles.dim)])
        lines.append([])
        for name, text in self._costs(model):
            lines.append(fitted([Segment(f"{name:12}", look.styles.dim), Segment(text, look.styles.text)], width))
        height -= len(lines)
        if height < 16 or width < 100 or look.mode == "off":
            return lines
        inspection, image = self._inspected(), self.image
        if inspection is None or image is None:
            return lines
        return lines + forward_pass(inspection, image[1], width, height, look)

    def _costs(self, model: ModelDescribed) -> list[tuple[str, str]]:
        """What the network needs, by name."""
        config, started = self.run.state.config, self.run.state.started
        batch = int(config.get("batch_size", 1))
        trained = model.trained or (started.parameters if started else model.parameters)
        frozen = f", {model.parameters - trained:,} of them frozen" if model.parameters > trained else ""
        work = sum(x.multiply_adds for x in model.layers)
        outputs = 4 * sum(int(np.prod(x.output)) for x in model.layers)
        kept = self._optimizer_state_size
        memory = 4 * (model.parameters + (1 + kept) * trained)
        costs = [
            ("parameters", f"{model.parameters:,}{frozen}; {size(4 * model.parameters)} as float32"),
            ("compute", f"{work / 1e6:,.1f} M multiply-adds per image, ×3 in training"),
            ("memory", f"weights, gradients{', optimizer state' if kept else ''}: {size(memory)}"),
            ("", f"activations: {size(outputs)} per image, {size(outputs * batch)} per batch of {batch:,}"),
        ]
        if model.grows:
            costs.insert(0, ("width", f"narrower at first, full width from epoch {model.grows} on"))
        return costs

    @property
    def _optimizer_state_size(self) -> int:
        """How many numbers the run's optimizer keeps per trained parameter."""
        try:
            return recorded_config(self.run.state.config).optimizer.options.state_size
        except ConfigError:  # of another version of the program
            return 0

    def _filters(self, width: int, height: int) -> list[Line]:
        inspection = self._inspected()
        if inspection is None or self.look.mode == "off":
            return self._no_answer()
        return filter_tiles(inspection, width, height, self.look)

    def _maps(self, width: int, height: int) -> list[Line]:
        inspection, image = self._inspected(), self.image
        if inspection is None or self.look.mode == "off":
            return self._no_answer()
        self.top = max(0, min(self.top, len(inspection.maps) - 1))
        return feature_maps(inspection, self.top, image[1] if image else "", width, height, self.look)

    def _no_answer(self) -> list[Line]:
        if self.look.mode == "off":
            text = "Images are switched off (--images off)."
        elif isinstance(self.answer, str):
            text = self.answer
        elif self.image is None:
            text = "This appears here when training begins."
        else:
            text = "Asking the network …"
        return [[Segment(text, self.look.styles.dim)]]

    # -- actions ----------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "walk":
            return self.current == "maps"
        if action == "ask_again":
            return self.current != "layers" and self.run.state.ended is None
        return True

    def action_walk(self, step: int) -> None:
        if self._browser.number is not None:
            self._browser.move(step)
        else:
            self._shown += step
        self.redraw()

    def action_ask_again(self) -> None:
        self._asked = None
        self.redraw()
