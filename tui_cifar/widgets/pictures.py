"""Test pictures with what the network takes them for."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from tui_cifar.render.lines import Lines
from tui_cifar.render.text import cut
from tui_cifar.widgets.panel import Panel

GAP = 2


class PictureStrip(Panel):
    """As many pictures as fit, at full size where one does, else at half or quarter size; pages with `next` and `previous`.

    Args:
        mode: "half", "ascii" or "off".
    """

    parts = ("pictures",)

    def __init__(self, *, mode: str, ascii: bool = False, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(ascii=ascii, id=id, classes=classes)
        self.mode = mode
        self.first = 0
        self._per_page = 1

    def options(self) -> object:
        """The page."""
        return self.first

    def next(self) -> None:
        """The next pictures; after the last, the first."""
        count = len(self.view.labels)
        self.first = self.first + self._per_page if self.first + self._per_page < count else 0
        self.redraw()

    def previous(self) -> None:
        """The pictures before; before the first, the last."""
        count = max(1, len(self.view.labels))
        self.first = self.first - self._per_page if self.first else (count - 1) // self._per_page * self._per_page
        self.redraw()

    def draw(self) -> RenderableType:
        """A page of pictures, or what they wait for."""
        view = self.view
        if self.mode == "off":
            self.titles("Test pictures")
            return self.waiting("Pictures are switched off (--images off).")
        if view.pictures is None or not view.class_names:  # a run about to go on has its past, but no names yet
            self.titles("Test pictures")
            return self.waiting("Test pictures appear here when training begins.")
        factor, columns, rows = self._grid()
        if not columns:
            self.titles("Test pictures")
            return self.waiting("No room for pictures.")
        self._per_page = columns * rows
        self.first = min(self.first, len(view.labels) - 1) // self._per_page * self._per_page
        last = min(self.first + self._per_page, len(view.labels))
        epoch = f" · epoch {view.classified.epoch}" if view.classified else " · not yet classified"
        shown = f"{self.first + 1}–{last}" if last > self.first + 1 else str(last)
        self.titles(
            f"Test pictures{epoch}", f"◂ {shown.replace('–', '-') if self.ascii else shown} of {len(view.labels)} ▸"
        )
        lines: list[Text] = []
        for start in range(self.first, last, columns):
            lines += self._row(range(start, min(start + columns, last)), factor)
        if (factor, columns, rows) == (1, 1, 1):
            lines = self._with_next(lines)
        return Lines(lines)

    def _grid(self) -> tuple[int, int, int]:
        """Reduction, columns, rows."""
        width, height = self.content_size
        for factor in (1, 2, 4):
            side = 32 // factor
            columns, rows = (width + GAP) // (side + GAP), height // (side // 2 + 1)
            if columns and rows:
                return factor, columns, rows
        return 1, 0, 0

    def _with_next(self, lines: list[Text]) -> list[Text]:
        """The pictures that come next, at half size, beside a single large one, where there is room."""
        width, height = self.content_size
        columns, rows = (width - 32) // (16 + GAP), min(height // 9, 2)
        beside: list[Text] = []
        count = len(self.view.labels)
        for row in range(rows):
            start = self.first + 1 + row * columns
            numbers = range(start, min(start + columns, count))
            beside += self._row(numbers, 2) if numbers else []
        lines = [*lines, *(Text(" " * 32) for _ in range(len(beside) - len(lines)))]
        gap = Text(" " * GAP)
        return [gap.join([line, beside[i]]) if i < len(beside) else line for i, line in enumerate(lines)]

    def _row(self, numbers: range, factor: int) -> list[Text]:
        """Pictures side by side, a caption under each."""
        from tui_cifar.render.pictures import draw, shrink  # not before there are pictures: it imports NumPy

        side = 32 // factor
        columns = []
        assert self.view.pictures is not None
        for n in numbers:
            lines = draw(shrink(self.view.pictures[n], factor), self.mode, light=not self.app.current_theme.dark)
            columns.append([*lines, self._caption(n, side)])
        gap = Text(" " * GAP)
        return [gap.join(cells) for cells in zip(*columns, strict=True)]

    def _caption(self, n: int, width: int) -> Text:
        """ "✓ cat 0.97", "✗ dog, is cat 0.61", or the class alone before the first epoch."""
        names, label, classified = self.view.class_names, self.view.labels[n], self.view.classified
        if classified is None:
            caption = Text(cut(names[label], width))
        else:
            right = classified.predicted[n] == label
            told = names[label] if right else f"{names[classified.predicted[n]]}, is {names[label]}"
            confidence = f" {classified.confidence[n]:.2f}"
            if 2 + len(told) + len(confidence) > width:  # the words matter more
                confidence = ""
            caption = Text("✓ " if right else "✗ ", self.colour("success" if right else "error"))
            caption.append(cut(told, width - 2 - len(confidence)), self.colour("foreground"))
            caption.append(confidence, self.colour("dim"))
        caption = Text(self.word(caption.plain), spans=caption.spans, style=caption.style, no_wrap=True)
        caption.pad_right(max(0, width - caption.cell_len))
        return caption
