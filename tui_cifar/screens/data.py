"""The data: counts, mean and spread, duplicates; training pictures with their augmentation; a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.describe import FILE, Samples, read_samples
from engine.errors import DataError
from tui_cifar.render.ink import fitted, words
from tui_cifar.render.mosaic import Line, beside, padded, thumbnail_lines
from tui_cifar.render.tables import count_table
from tui_cifar.render.text import cut
from tui_cifar.screens.tabbed import TabbedScreen


class DataScreen(TabbedScreen):
    """What is trained on."""

    view_id = "data"
    words_of_views: ClassVar[Mapping[str, str]] = {
        "classes": "Classes",
        "problems": "Duplicates and unreadable",
        "draws": "Augmentation",
        "batch": "Batch",
    }

    def __init__(self, *, images: str, ascii: bool) -> None:
        super().__init__(images=images, ascii=ascii)
        self._samples: tuple[Path, Samples | str] | None = None

    def state(self) -> object:
        """Whether there is a run, and whether it has ended."""
        return self.view.started is None, self.view.terminal is None

    def parts(self) -> tuple[str, ...]:
        """The description."""
        return ("data",)

    @property
    def drawers(self) -> Mapping[str, Callable[[int, int], list[Line]]]:
        """The four views."""
        return {
            "classes": self._counts,
            "problems": self._problems,
            "draws": self._draws,
            "batch": self._batch,
        }

    def last(self) -> int:
        """Lines or rows that can be scrolled away."""
        samples = self.samples
        if self.current == "problems":
            return max(0, len(self._problem_lines()) - 3)
        if self.current == "draws" and isinstance(samples, Samples):
            return len(samples.before) - 1
        return 0

    @property
    def samples(self) -> Samples | str:
        """The samples of this run, read once; or why there are none."""
        data, path = self.view.data, self.cifar.run_path
        if data is None or path is None:
            return self._waits()
        if not data.path:
            return "The samples could not be written to the run directory."
        file = path / FILE
        if self._samples is None or self._samples[0] != file or isinstance(self._samples[1], str):
            try:
                self._samples = file, read_samples(file)
            except DataError as e:
                self._samples = file, e.message
        return self._samples[1]

    def _waits(self) -> str:
        if self.view.terminal is not None:
            return "This run ended before its data was described."
        return "The data is described here soon after training begins."

    def _counts(self, width: int, height: int) -> list[Line]:
        data, inks = self.view.data, self.inks
        if data is None:
            return [[words(self._waits(), inks.dim)]]
        lines = count_table(data.splits, self.view.class_names, width, height - 2, inks, ascii=self._ascii)
        skipped = self.view.skipped.count if self.view.skipped else 0
        told = f"{data.duplicate_count:,} duplicates   {skipped:,} unreadable"
        return [
            *lines,
            [],
            [words(told, inks.text), words("   tab names them" if data.duplicate_count or skipped else "", inks.dim)],
        ]

    def _problem_lines(self) -> list[Line]:
        data, skipped, inks = self.view.data, self.view.skipped, self.inks
        if data is None:
            return [[words(self._waits(), inks.dim)]]
        lines: list[Line] = [
            [words(f"{data.duplicate_count:,} pictures are the same, byte for byte, as an earlier one", inks.strong)]
        ]
        lines += [[words(f"  {name}", inks.text)] for name in data.duplicates]
        if data.duplicate_count > len(data.duplicates):
            lines.append([words(f"  and {data.duplicate_count - len(data.duplicates):,} more", inks.dim)])
        count = skipped.count if skipped else 0
        lines += [[], [words(f"{count:,} files could not be read and were left out", inks.strong)]]
        if skipped:
            lines += [[words(f"  {name}", inks.text)] for name in skipped.names]
            if count > len(skipped.names):
                lines.append([words(f"  and {count - len(skipped.names):,} more", inks.dim)])
        return lines

    def _problems(self, width: int, height: int) -> list[Line]:
        return [fitted(line, width) for line in self._problem_lines()[self.top :]]

    def _draws(self, width: int, height: int) -> list[Line]:
        samples, inks = self.samples, self.inks
        if isinstance(samples, str) or self.mode == "off":
            return [[words(self._no_pictures(samples), inks.dim)]]
        names = self.view.class_names
        side = 32 if width >= 3 * 34 and height >= 2 * 17 else 16
        columns = max(1, min((width + 2) // (side + 2), 1 + samples.draws.shape[1]))
        lines: list[Line] = []
        for i in range(self.top, len(samples.before)):
            if len(lines) + side // 2 + 1 > height:
                break
            pictures = [samples.before[i], *samples.draws[i][: columns - 1]]
            told = [cut(names[samples.labels[i]], side - 9) + ", as it is", *(f"draw {d}" for d in range(1, columns))]
            lines += self._row(pictures, told, side)
        return lines

    def _batch(self, width: int, height: int) -> list[Line]:
        samples, inks = self.samples, self.inks
        if isinstance(samples, str) or self.mode == "off":
            return [[words(self._no_pictures(samples), inks.dim)]]
        names, side = self.view.class_names, 16
        columns, rows = max(1, (width + 2) // (side + 2)), max(1, (height - 1) // (side // 2 + 1))
        size = int(self.view.config.get("batch_size", 0))
        shown = min(columns * rows, len(samples.batch), size or len(samples.batch))
        told = f"The first {shown} of {size:,} pictures of the first batch, as the network gets them"
        lines: list[Line] = [fitted([words(told, inks.dim)], width)]
        for start in range(0, shown, columns):
            part = range(start, min(start + columns, shown))
            lines += self._row([samples.batch[i] for i in part], [names[samples.batch_labels[i]] for i in part], side)
        return lines

    def _no_pictures(self, samples: Samples | str) -> str:
        return samples if isinstance(samples, str) else "Pictures are switched off (--images off)."

    def _row(self, pictures: list[np.ndarray], told: list[str], side: int) -> list[Line]:
        blocks = []
        for picture, word in zip(pictures, told, strict=True):
            drawn = thumbnail_lines(picture, side, self.mode, light=self.light)
            blocks.append((side, [*drawn, padded([words(cut(word, side), self.inks.dim)], side)]))
        return beside(blocks, 2)
