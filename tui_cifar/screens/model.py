"""The network: its layers, the first layer's filters, and what the layers make of an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np
from textual.binding import Binding, BindingType

from engine.inspection.types import Inspection
from tui_cifar.render.images.grid import fit, in_rows
from tui_cifar.render.images.mosaic import Line, beside, centred, image_lines, stretched, thumbnail_lines
from tui_cifar.render.text.ink import fitted, words
from tui_cifar.render.text.tables import layer_lines, size
from tui_cifar.render.text.text import cut, weights_of
from tui_cifar.run.inspector import Answered
from tui_cifar.run.state import RunState, Saved
from tui_cifar.screens.base.tabbed import TabbedScreen
from tui_cifar.screens.predictions import PredictionsScreen


class ModelScreen(TabbedScreen):
    """What is trained."""

    view_id = "model"
    words_of_views: ClassVar[Mapping[str, str]] = {
        "layers": "Layers",
        "filters": "First filters",
        "maps": "Feature maps",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "walk(-1)", "Image before", id="model.before", show=False, tooltip="The image before"),
        Binding("right", "walk(1)", "Next image", id="model.next", show=False, tooltip="The next image"),
        Binding("n", "ask_again", "Newest weights", id="model.again", tooltip="Ask the network as it is now"),
    ]

    def __init__(self, *, images: str, ascii: bool) -> None:
        super().__init__(images=images, ascii=ascii)
        self.answer: Inspection | str | None = None
        self._asked: object = None
        self._shown = 0

    def parts(self) -> tuple[str, ...]:
        """The layers; the images to choose from."""
        return ("model", "predictions")

    def state(self) -> object:
        """Whether the run has ended: then others answer questions."""
        return self.view.terminal is None, self.view.images is None

    def holds(self, newer: Saved) -> bool:
        """The image looked at is one of the evaluation that is shown."""
        return True

    def update(self, view: RunState) -> None:
        """Ask again and draw."""
        self._asked = None
        self.redraw()

    @property
    def drawers(self) -> Mapping[str, Callable[[int, int], list[Line]]]:
        """The three views."""
        return {"layers": self._layers, "filters": self._filters, "maps": self._maps}

    def last(self) -> int:
        """The last layer."""
        if self.current == "layers":
            return max(0, len(self.view.model.layers) - 1) if self.view.model else 0
        if self.current == "maps" and isinstance(self.answer, Inspection):
            return max(0, len(self.answer.maps) - 1)
        return 0

    # -- the image ------------------------------------------------------------------------------------------------------

    @property
    def image(self) -> tuple[np.ndarray, str] | None:
        """The image chosen in the browser, or else one of those shown while training, with words for it."""
        browser, results = self.cifar.run_screens["predictions"], self.cifar.results
        assert isinstance(browser, PredictionsScreen)
        if results is not None and results.images is not None and browser.number is not None:
            number = browser.number
            return np.array(results.images[number]), f"#{number:,} {results.class_names[results.labels[number]]}"
        if self.view.images is not None and self.view.labels and self.view.class_names:
            i = self._shown % len(self.view.labels)
            return self.view.images[i], self.view.class_names[self.view.labels[i]]
        return None

    def _ask(self) -> None:
        chosen = self.image
        if chosen is None:
            return
        key = chosen[0].tobytes()
        if key != self._asked:
            self._asked = key
            self.cifar.inspector.ask(chosen[0], key, self.post_message)

    def on_answered(self, message: Answered) -> None:
        """Show the answer, if it is to the newest question."""
        if message.key == self._asked:
            self.answer = message.answer
            self.redraw()

    # -- views ------------------------------------------------------------------------------------------------------------

    def _layers(self, width: int, height: int) -> list[Line]:
        model, inks = self.view.model, self.inks
        if model is None:
            return [[words("The layers appear here when training begins.", inks.dim)]]
        most = max(1, height - 7 - bool(model.grows))
        top = min(self.top, max(0, len(model.layers) - most))
        lines = layer_lines(model.layers, width, top, most, inks, ascii=self._ascii)
        if len(model.layers) > most:
            told = f"layers {top + 1}–{min(top + most, len(model.layers))} of {len(model.layers)} (up, down)"
            lines.append([words(told, inks.dim)])
        work = sum(x.multiply_adds for x in model.layers)
        outputs = sum(int(np.prod(x.output)) for x in model.layers)
        batch = int(self.view.config.get("batch_size", 1))
        trained = model.trained or (self.view.started.parameters if self.view.started else model.parameters)
        momentum = 1 if self.view.config.get("momentum") or self.view.config.get("optimizer") == "muon" else 0
        lines.append([])
        needs = 4 * (model.parameters + (1 + momentum) * trained)
        frozen = f", {model.parameters - trained:,} of them fixed" if model.parameters > trained else ""
        for name, told in (
            *(
                [("width", f"narrower at first, it grows to its full width with epoch {model.grows}")]
                if model.grows
                else []
            ),
            ("parameters", f"{model.parameters:,}{frozen}; {size(4 * model.parameters)} as float32"),
            ("work", f"{work / 1e6:,.1f} million multiply-adds an image, three times that to train"),
            ("memory", f"weights, gradients{', momentum' if momentum else ''}: {size(needs)}"),
            ("", f"layer outputs: {size(4 * outputs)} an image, {size(4 * outputs * batch)} a batch of {batch:,}"),
        ):
            lines.append(fitted([words(f"{name:12}", inks.dim), words(told, inks.text)], width))
        return lines + self._passage(width, height - len(lines))

    def _passage(self, width: int, height: int) -> list[Line]:
        """An image on its way through the network: of each layer the map that varies most. Nothing without much room."""
        if height < 16 or width < 100 or self.mode == "off":
            return []
        self._ask()
        answer, chosen = self.answer, self.image
        if not isinstance(answer, Inspection) or chosen is None or not answer.maps:
            return []
        told = [(chosen[1], answer.image)]
        for layer in answer.maps:
            varied = stretched(layer.values[layer.values.std(axis=(1, 2)).argmax()])
            told.append((layer.layer, np.repeat(varied[..., None], 3, axis=2)))
        grid = fit(width, height - 2, most=len(told), enough=len(told))
        if grid.page < len(told) or not grid.side:
            return []
        blocks = [
            [
                *thumbnail_lines(image, grid.side, self.mode, light=self.light),
                [words(cut(name, grid.side), self.inks.dim)],
            ]
            for name, image in told
        ]
        words_of = (
            f"an image on its way: of each layer the map that varies most, {weights_of(answer.epoch, answer.step)}"
        )
        return [[], [words(words_of, self.inks.dim)], *in_rows(blocks, grid)]

    def _filters(self, width: int, height: int) -> list[Line]:
        self._ask()
        answer, inks = self.answer, self.inks
        if not isinstance(answer, Inspection) or self.mode == "off":
            return [[words(self._no_answer(), inks.dim)]]
        filters = answer.filters
        if not len(filters):
            return [[words("The first layer does not look at three colour channels.", inks.dim)]]
        n, h, w = filters.shape[:3]
        side = next((s for s in (24, 20, 18, 16, 14, 12, 10, 8, 6) if self._fits(n, s, s // 2, width, height - 2)), 4)
        rows, columns = np.arange(side) * h // side, np.arange(side) * w // side
        told = f"{n} filters of {h}×{w}×3, {weights_of(answer.epoch, answer.step)}; grey is 0, each scaled on its own"
        tiles = [(side, image_lines(centred(f)[rows][:, columns], self.mode, light=self.light)) for f in filters]
        return [fitted([words(told, inks.dim)], width), [], *self._tiles(tiles, width, height - 2)]

    def _maps(self, width: int, height: int) -> list[Line]:
        self._ask()
        answer, inks = self.answer, self.inks
        if not isinstance(answer, Inspection) or self.mode == "off":
            return [[words(self._no_answer(), inks.dim)]]
        if not answer.maps:
            return [[words("No layer of this network gives an image.", inks.dim)]]
        self.top = min(self.top, len(answer.maps) - 1)
        layer = answer.maps[self.top]
        n, h, w = layer.values.shape
        chosen = self.image
        told = f"{layer.layer}: {n} maps of {h}×{w}"
        where = f"   layer {self.top + 1} of {len(answer.maps)} (up, down)"
        where += f"   {weights_of(answer.epoch, answer.step)}"
        lines: list[Line] = [fitted([words(told, inks.strong), words(where, inks.dim)], width), []]
        large = 32 if width >= 110 else 16
        room, tall = width - large - 3, height - 3
        image = thumbnail_lines(answer.image, large, self.mode, light=self.light)
        image += [
            [words(cut(chosen[1] if chosen else "", large), inks.text)],
            [words("← → others", inks.dim)],
        ]
        # The largest tiles of which all fit, else the smallest that still show something.
        side = next((s for s in (32, 24, 16, 12, 10, 8, 6) if self._fits(n, s, s // 2, room, tall)), 6)
        side = min(side, max(6, 4 * w))
        shown = [np.repeat(stretched(m)[..., None], 3, axis=2) for m in layer.values]
        tiles = self._tiles([(side, thumbnail_lines(m, side, self.mode, light=self.light)) for m in shown], room, tall)
        lines += beside([(large, image), (room, tiles)], 3)
        lines = lines[: height - 1]
        low, high = (f"{v:.2f}".replace("-", "−") for v in (layer.values.min(), layer.values.max()))
        told = f"each map stretched to its own range; the layer's values: {low} to {high}"
        lines.append(fitted([words(told, inks.dim)], width))
        return lines

    def _fits(self, count: int, tile_width: int, tile_height: int, width: int, height: int) -> bool:
        return ((width + 1) // (tile_width + 1)) * ((height + 1) // (tile_height + 1)) >= count

    def _tiles(self, tiles: list[tuple[int, list[Line]]], width: int, height: int) -> list[Line]:
        """As many tiles of the same size as fit, in rows."""
        columns = max(1, (width + 1) // (tiles[0][0] + 1))
        rows = max(1, (height + 1) // (len(tiles[0][1]) + 1))
        lines: list[Line] = []
        for start in range(0, min(len(tiles), columns * rows), columns):
            lines += [*beside(tiles[start : min(start + columns, columns * rows)], 1), []]
        return lines[:height]

    def _no_answer(self) -> str:
        if self.mode == "off":
            return "Images are switched off (--images off)."
        if isinstance(self.answer, str):
            return self.answer
        if self.image is None:
            return "This appears here when training begins."
        return "The network is being asked …"

    # -- actions ----------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An image matters only to the feature maps."""
        if action == "walk":
            return self.current == "maps"
        if action == "ask_again":
            return self.current != "layers" and self.view.terminal is None
        return True

    def action_walk(self, step: int) -> None:
        """Another image."""
        browser = self.cifar.run_screens["predictions"]
        assert isinstance(browser, PredictionsScreen)
        if browser.number is not None:
            browser.action_walk(step)
        else:
            self._shown += step
        self.redraw()

    def action_ask_again(self) -> None:
        """The network as it is now."""
        self._asked = None
        self.redraw()
