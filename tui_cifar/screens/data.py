"""The data: counts and pixel statistics, duplicates, training images with their augmentation, a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from rich.segment import Segment

from engine.errors import DataError
from engine.inspection.samples import FILE, Samples, read_samples
from tui_cifar.render.images.augmentation import NO_ROOM, labelled
from tui_cifar.render.images.cells import thumbnail_lines
from tui_cifar.render.images.grid import fit, in_rows
from tui_cifar.render.text.data_tables import count_table, duplicate_lines, pixel_table
from tui_cifar.render.text.format import cut, plural
from tui_cifar.render.text.line import Line, beside, fitted
from tui_cifar.screens.base.tabbed import TabbedScreen


class DataScreen(TabbedScreen):
    """What the network is trained on."""

    view_id = "data"
    views: ClassVar[Mapping[str, str]] = {
        "classes": "Classes",
        "problems": "Duplicates and unreadable",
        "augmentation": "Augmentation",
        "batch": "Batch",
    }

    def __init__(self, *, ascii: bool) -> None:
        super().__init__(ascii=ascii)
        self._samples: tuple[Path, Samples | str] | None = None

    def redraw_key(self) -> object:
        return self.run.state.started is None, self.run.state.ended is None

    def parts(self) -> tuple[str, ...]:
        return ("data",)

    @property
    def drawers(self) -> Mapping[str, Callable[[int, int], list[Line]]]:
        return {
            "classes": self._counts,
            "problems": self._problems,
            "augmentation": self._augmentation,
            "batch": self._batch,
        }

    def last(self) -> int:
        samples = self.samples
        if self.current == "problems":
            return max(0, len(self._problem_lines(80)) - 3)
        if self.current == "augmentation" and isinstance(samples, Samples):
            return len(samples.before) - 1
        return 0

    @property
    def samples(self) -> Samples | str:
        """The samples of this run, read once; or why there are none."""
        data, path = self.run.state.data, self.run.directory
        if data is None or path is None:
            return self._waiting()
        if not data.path:
            return "The samples could not be written to the run directory."
        file = path / FILE
        if self._samples is None or self._samples[0] != file or isinstance(self._samples[1], str):
            try:
                self._samples = file, read_samples(file)
            except DataError as e:
                self._samples = file, e.message
        return self._samples[1]

    def _waiting(self) -> str:
        if self.run.state.ended is not None:
            return "This run ended before its data was described."
        return "The data is described here soon after training begins."

    # -- classes ----------------------------------------------------------------------------------------------------------

    def _counts(self, width: int, height: int) -> list[Line]:
        data, look = self.run.state.data, self.look
        if data is None:
            return [[Segment(self._waiting(), look.styles.dim)]]
        names = self.run.state.class_names
        skipped = self.run.state.skipped.count if self.run.state.skipped else 0
        text = f"{plural(data.duplicate_count, 'duplicate')}   {plural(skipped, 'unreadable file')}"
        hint = "   tab: which ones" if data.duplicate_count or skipped else ""
        problems: Line = [Segment(text, look.styles.text), Segment(hint, look.styles.dim)]
        half = (width - 6) // 2
        if half >= 70:
            left = count_table(data.splits, names, half, height, look)
            right = [*pixel_table(data.splits, names, half, look.styles, heads=True), [], problems]
            lines = beside([(half, left), (half, right)], 6)
        elif height < 16 and len(names) + 8 > height:  # the classes matter more than the pixels
            lines = [*count_table(data.splits, names, width, height - 1, look), problems]
        else:
            lines = count_table(data.splits, names, width, height - 6, look)
            lines += [[], *pixel_table(data.splits, names, width, look.styles), [], problems]
        return lines + self._examples(width, height - len(lines))

    def _examples(self, width: int, height: int) -> list[Line]:
        """A column of training images for each class, if there is room."""
        samples, names, look = self.samples, self.run.state.class_names, self.look
        if isinstance(samples, str) or look.mode == "off" or not names:
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
            column: list[Line] = [[Segment(cut(name, side), look.styles.dim)]]
            for i in np.flatnonzero(labels == label)[:rows]:
                column += [*thumbnail_lines(images[i], side, look.mode, light=look.light), []]
            columns.append((side, column))
        return [[], *beside(columns, gap)[: rows * (side // 2 + 1)]]

    # -- duplicates and unreadable files ----------------------------------------------------------------------------------

    def _problem_lines(self, width: int) -> list[Line]:
        data, skipped, styles = self.run.state.data, self.run.state.skipped, self.look.styles
        if data is None:
            return [[Segment(self._waiting(), styles.dim)]]
        if data.duplicate_count:
            images = plural(data.duplicate_count, "image is a duplicate", "images are duplicates")
            lines: list[Line] = [[Segment(f"{images} of an earlier one, byte for byte", styles.strong)]]
        else:
            lines = [[Segment("No duplicates.", styles.text)]]
        lines += duplicate_lines(data.duplicates, width, styles)
        if data.duplicate_count > len(data.duplicates):
            lines.append([Segment(f"  and {data.duplicate_count - len(data.duplicates):,} more", styles.dim)])
        count = skipped.count if skipped else 0
        if count:
            text = plural(count, "unreadable file was", "unreadable files were")
            lines += [[], [Segment(f"{text} skipped", styles.strong)]]
        else:
            lines += [[], [Segment("No unreadable files.", styles.text)]]
        if skipped:
            for name in skipped.names:
                file, colon, why = name.partition(": ")
                lines.append([Segment(f"  {file}{colon}", styles.text), Segment(why, styles.dim)])
            if count > len(skipped.names):
                lines.append([Segment(f"  and {count - len(skipped.names):,} more", styles.dim)])
        return lines

    def _problems(self, width: int, height: int) -> list[Line]:
        lines = self._problem_lines(width)
        if len(lines) <= height:
            return [fitted(line, width) for line in lines]
        top = self.top = min(self.top, len(lines) - (height - 1))
        shown = [fitted(line, width) for line in lines[top : top + height - 1]]
        range_shown = f"lines {top + 1}–{top + len(shown)} of {len(lines)} (up, down)"
        return [*shown, [Segment(range_shown, self.look.styles.dim)]]

    # -- images -----------------------------------------------------------------------------------------------------------

    def _augmentation(self, width: int, height: int) -> list[Line]:
        samples, look = self.samples, self.look
        if isinstance(samples, str) or look.mode == "off":
            return self._no_images(samples)
        names, count = self.run.state.class_names, 1 + samples.draws.shape[1]
        grid = fit(width, height)
        if not grid.side:
            return [[Segment(NO_ROOM, look.styles.dim)]]
        if grid.columns > count:
            grid = replace(grid, columns=count)
        blocks = []
        for i in range(self.top, min(self.top + grid.rows, len(samples.before))):
            name = cut(names[samples.labels[i]], grid.side - len(", original"))
            blocks.append(labelled(samples.before[i], f"{name}, original", grid, look))
            augmented = samples.draws[i][: grid.columns - 1]
            blocks += [labelled(image, f"sample {n}", grid, look) for n, image in enumerate(augmented, 1)]
        return in_rows(blocks, grid)

    def _batch(self, width: int, height: int) -> list[Line]:
        samples, look = self.samples, self.look
        if isinstance(samples, str) or look.mode == "off":
            return self._no_images(samples)
        names, size = self.run.state.class_names, int(self.run.state.config.get("batch_size", 0))
        grid = fit(width, height - 1, enough=18)
        if not grid.side:
            return [[Segment(NO_ROOM, look.styles.dim)]]
        shown = min(grid.page, len(samples.batch), size or len(samples.batch))
        title = f"The first {shown} of {plural(size, 'image')} in the first batch, as the network is given them"
        blocks = [labelled(samples.batch[i], names[samples.batch_labels[i]], grid, look) for i in range(shown)]
        return [fitted([Segment(title, look.styles.dim)], width), *in_rows(blocks, grid)]

    def _no_images(self, samples: Samples | str) -> list[Line]:
        text = samples if isinstance(samples, str) else "Images are switched off (--images off)."
        return [[Segment(text, self.look.styles.dim)]]
