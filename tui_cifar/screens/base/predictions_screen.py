"""What the screens of predictions share: which evaluation they show, and the keys to another one."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType

from tui_cifar.render.text.format import SPLITS
from tui_cifar.render.text.line import Line
from tui_cifar.run.state import Saved
from tui_cifar.screens.base.run_screen import RunScreen

WIDE = 100
"""Columns from which there is room for whole words."""


class ResultsScreen(RunScreen):
    """A screen of the evaluation that is shown.

    That is the newest one when the screen is opened, and stays until a key takes a newer one. Where there is none, the
    same key shows the other set of images.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "newest", "Newest", id="results.newest", tooltip="The predictions that have come since"),
        Binding("l", "images('test')", "Test", id="results.test", tooltip="The test images"),
        Binding("l", "images('valid')", "Validation", id="results.valid", tooltip="The validation images"),
    ]

    def holds(self, newer: Saved) -> bool:
        """Whoever is looking through the images keeps the place."""
        return True

    def heading(self, split: str, weights: str, width: int) -> Line:
        """ "Validation images · epoch 3", and that there are newer predictions."""
        results, started = self.run.results, self.run.state.started
        text, styles = SPLITS.get(split, split).capitalize(), self.look.styles
        if width >= WIDE:
            text += " images"
            total = started.counts.get("valid", 0) if started else 0
            if split == "valid" and results is not None and len(results) < total:
                text = f"{len(results):,} of {total:,} {text.lower()}"
        line = [Segment(f"{text} · {weights}   ", styles.strong)]
        if (newer := self.run.newer) is not None:
            other = "validation" if split == "test" else "test"
            what = f"epoch {newer.epoch}" if newer is self.run.saved(split) else other
            line.append(Segment(f"newer: {what}   " if width >= WIDE else "newer   ", styles.correct))
        return line

    def redraw_key(self) -> object:
        """Which evaluation is shown, and whether there is a newer one."""
        return self.run.results, self.run.newer

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A newer evaluation first, else the other set of images."""
        if action == "newest":
            return self.run.newer is not None
        if action == "images":
            found = self.run.saved(str(parameters[0]))
            return self.run.newer is None and found is not None and found is not self.run.shown
        return super().check_action(action, parameters)

    def action_newest(self) -> None:
        """Show the newest evaluation."""
        self._open(self.run.newer)

    def action_images(self, split: str) -> None:
        """Show the newest evaluation of the test or the validation images."""
        self._open(self.run.saved(split))

    def _open(self, saved: Saved | None) -> None:
        if saved is not None:
            self.run.open_results(saved)
            self.host.show()
            self.refresh_bindings()
