"""The data: counts, mean and spread, duplicates; training images with their augmentation; a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.errors import DataError
from engine.inspection.samples import FILE, Samples, read_samples
from tui_cifar.render.images.grid import Grid, fit, in_rows
from tui_cifar.render.images.mosaic import Line, beside, thumbnail_lines
from tui_cifar.render.text.ink import fitted, words
from tui_cifar.render.text.tables import colour_table, count_table, duplicate_lines
from tui_cifar.render.text.text import cut
from tui_cifar.screens.base.tabbed import TabbedScreen


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
            return max(0, len(self._problem_lines(80)) - 3)
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
        names, ascii = self.view.class_names, self._ascii
        skipped = self.view.skipped.count if self.view.skipped else 0
        told = f"{_count(data.duplicate_count, 'duplicate', 'duplicates')}   {skipped:,} unreadable"
        hint = "   tab names them" if data.duplicate_count or skipped else ""
        problems: Line = [words(told, inks.text), words(hint, inks.dim)]
        half = (width - 6) // 2
        if half >= 70:  # counts and colours side by side
            left = count_table(data.splits, names, half, height, inks, ascii=ascii)
            right = [*colour_table(data.splits, names, half, inks, heads=True), [], problems]
            lines = beside([(half, left), (half, right)], 6)
        elif height < 16 and len(names) + 8 > height:  # in a low terminal the classes matter more than the colours
            lines = [*count_table(data.splits, names, width, height - 1, inks, ascii=ascii), problems]
        else:
            lines = count_table(data.splits, names, width, height - 6, inks, ascii=ascii)
            lines += [[], *colour_table(data.splits, names, width, inks), [], problems]
        return lines + self._examples(width, height - len(lines))

    def _examples(self, width: int, height: int) -> list[Line]:
        """Training images of each class, a column a class, where there is room."""
        samples, names = self.samples, self.view.class_names
        if isinstance(samples, str) or self.mode == "off" or not names:
            return []
        side = min(16, (width + 2) // len(names) - 2, 2 * (height - 3)) // 2 * 2
        rows = (height - 2) // (side // 2 + 1) if side >= 8 else 0
        if rows < 1:
            return []
        gap = min(6, (width - len(names) * side) // max(1, len(names) - 1))
        more = len(samples.before)  # the batch begins with the same images, augmented
        images = np.concatenate((samples.before, samples.batch[more:]))
        labels = np.concatenate((samples.labels, samples.batch_labels[more:]))
        columns: list[tuple[int, list[Line]]] = []
        for label, name in enumerate(names):
            column: list[Line] = [[words(cut(name, side), self.inks.dim)]]
            for i in np.flatnonzero(labels == label)[:rows]:
                column += [*thumbnail_lines(images[i], side, self.mode, light=self.light), []]
            columns.append((side, column))
        return [[], *beside(columns, gap)[: rows * (side // 2 + 1)]]

    def _problem_lines(self, width: int) -> list[Line]:
        data, skipped, inks = self.view.data, self.view.skipped, self.inks
        if data is None:
            return [[words(self._waits(), inks.dim)]]
        told = f"{_count(data.duplicate_count, 'image is', 'images are')} the same, byte for byte, as an earlier one"
        none = words("No image is there twice.", inks.text)
        lines: list[Line] = [[words(told, inks.strong) if data.duplicate_count else none]]
        lines += duplicate_lines(data.duplicates, width, inks)
        if data.duplicate_count > len(data.duplicates):
            lines.append([words(f"  and {data.duplicate_count - len(data.duplicates):,} more", inks.dim)])
        count = skipped.count if skipped else 0
        told = f"{_count(count, 'file that could not be read was', 'files that could not be read were')} left out"
        lines += [[], [words(told, inks.strong) if count else words("Every file could be read.", inks.text)]]
        if skipped:
            for name in skipped.names:
                file, colon, why = name.partition(": ")
                lines.append([words(f"  {file}{colon}", inks.text), words(why, inks.dim)])
            if count > len(skipped.names):
                lines.append([words(f"  and {count - len(skipped.names):,} more", inks.dim)])
        return lines

    def _problems(self, width: int, height: int) -> list[Line]:
        lines = self._problem_lines(width)
        if len(lines) <= height:
            return [fitted(line, width) for line in lines]
        top = self.top = min(self.top, len(lines) - (height - 1))
        shown = [fitted(line, width) for line in lines[top : top + height - 1]]
        return [*shown, [words(f"lines {top + 1}–{top + len(shown)} of {len(lines)} (up, down)", self.inks.dim)]]

    def _draws(self, width: int, height: int) -> list[Line]:
        samples, inks = self.samples, self.inks
        if isinstance(samples, str) or self.mode == "off":
            return [[words(self._no_images(samples), inks.dim)]]
        names, count = self.view.class_names, 1 + samples.draws.shape[1]
        grid = fit(width, height)
        if not grid.side:
            return [[words("No room for images.", inks.dim)]]
        if grid.columns > count:
            grid = replace(grid, columns=count)
        blocks = []
        for i in range(self.top, min(self.top + grid.rows, len(samples.before))):
            told = f"{cut(names[samples.labels[i]], grid.side - 10)}, as it is"
            blocks.append(self._block(samples.before[i], told, grid))
            blocks += [self._block(d, f"draw {n}", grid) for n, d in enumerate(samples.draws[i][: grid.columns - 1], 1)]
        return in_rows(blocks, grid)

    def _batch(self, width: int, height: int) -> list[Line]:
        samples, inks = self.samples, self.inks
        if isinstance(samples, str) or self.mode == "off":
            return [[words(self._no_images(samples), inks.dim)]]
        names, size = self.view.class_names, int(self.view.config.get("batch_size", 0))
        grid = fit(width, height - 1, enough=18)
        shown = min(grid.page, len(samples.batch), size or len(samples.batch))
        if not grid.side:
            return [[words("No room for images.", inks.dim)]]
        told = f"The first {shown} of {size:,} images of the first batch, as the network gets them"
        blocks = [self._block(samples.batch[i], names[samples.batch_labels[i]], grid) for i in range(shown)]
        return [fitted([words(told, inks.dim)], width), *in_rows(blocks, grid)]

    def _no_images(self, samples: Samples | str) -> str:
        return samples if isinstance(samples, str) else "Images are switched off (--images off)."

    def _block(self, image: np.ndarray, told: str, grid: Grid) -> list[Line]:
        drawn = thumbnail_lines(image, grid.side, self.mode, light=self.light)
        return [*drawn, [words(cut(told, grid.side), self.inks.dim)]]


def _count(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
