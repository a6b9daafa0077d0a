"""A cursor over the images of an evaluation: filtered, ordered, paged. Knows nothing of how they are drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tui_cifar.run.predictions import Results
from tui_cifar.run.selection import ORDERS, Selection, select

_NONE = np.zeros(0, dtype=np.int64)


class Browser:
    """Which images of an evaluation are shown, in which order, and which one the cursor is on."""

    def __init__(self) -> None:
        self.results: Results | None = None
        self.selection = Selection()
        self.numbers = _NONE
        """int64 (K,): the numbers of the selected images, in order."""
        self.cursor = 0
        """A place in `numbers`."""
        self._left_at: dict[str, int | None] = {}
        """The image under the cursor in each split when the other one was opened."""

    @property
    def number(self) -> int | None:
        """The number of the image under the cursor, in its split."""
        return int(self.numbers[self.cursor]) if len(self.numbers) else None

    # -- what is shown ----------------------------------------------------------------------------------------------------

    def show(self, results: Results | None) -> bool:
        """Show another evaluation.

        The cursor stays on its image, or, if that is no longer selected, at its place. In the other split it goes back to
        the image that it was on there.

        Returns:
            Whether the cursor is still on the same image.
        """
        old, number, place = self.results, self.number, self.cursor
        if results is old:
            return True
        self.results, same_split = results, True
        if old is not None and results is not None and old.split != results.split:
            self._left_at[old.split], same_split = number, False
            number, place = self._left_at.get(results.split), 0
        self._select(self.selection, number)
        if number is None or self.number != number:
            self.cursor = max(0, min(place, len(self.numbers) - 1))
            return False
        return same_split

    def select(self, selection: Selection) -> None:
        """Show other images, from the first."""
        self._select(selection, None)

    def filter(self, selection: Selection) -> None:
        """Show other images; the cursor stays on its image if that is among them."""
        self._select(selection, self.number)

    def _select(self, selection: Selection, number: int | None) -> None:
        self.selection = selection
        self.numbers = _NONE if self.results is None else select(self.results, selection)
        found = np.flatnonzero(self.numbers == number) if number is not None else _NONE
        self.cursor = int(found[0]) if len(found) else 0

    def filter_outcome(self, outcome: str) -> None:
        """Show all images, or only the misclassified or the correct ones of those that the other filters let through."""
        self.filter(self.selection.unfiltered if outcome == "all" else replace(self.selection, outcome=outcome))

    def next_order(self) -> None:
        """Sort by the next of the orders."""
        orders = list(ORDERS)
        following = orders[(orders.index(self.selection.order) + 1) % len(orders)]
        self.select(replace(self.selection, order=following, reverse=False))

    def reverse(self) -> None:
        """Sort the other way round."""
        self.select(replace(self.selection, reverse=not self.selection.reverse))

    def class_counts(self, which: str) -> list[int]:
        """How many images there would be of each true or predicted class, as `which` says, under the other filters."""
        if self.results is None:
            return []
        labels = self.results.labels if which == "true" else self.results.predicted
        others = select(self.results, self.selection.with_class(which, None))
        counts: list[int] = np.bincount(labels[others], minlength=len(self.results.class_names)).tolist()
        return counts

    # -- the cursor -------------------------------------------------------------------------------------------------------

    def move_to(self, place: int) -> None:
        """Move the cursor to a place in the order, or to the first or last one if there are fewer."""
        self.cursor = max(0, min(place, len(self.numbers) - 1))

    def move(self, by: int) -> None:
        """Move the cursor by some places."""
        self.move_to(self.cursor + by)

    def go_to(self, number: int) -> None:
        """Move the cursor to an image of the split; if a filter hides it, all filters are dropped."""
        if not (self.numbers == number).any():
            self.select(self.selection.unfiltered)
        self.cursor = int(np.flatnonzero(self.numbers == number)[0])

    def page_start(self, size: int) -> int:
        """The place of the first image on the cursor's page."""
        return self.cursor // size * size

    def page(self, size: int) -> np.ndarray:
        """int64 (K,): the numbers of the images on the cursor's page."""
        start = self.page_start(size)
        return self.numbers[start : start + size]

    def neighbours(self, each: int) -> list[int]:
        """The numbers of up to `each` previous and `each` next images."""
        near: list[int] = self.numbers[max(0, self.cursor - each) : self.cursor + each + 1].tolist()
        return [number for number in near if number != self.number]
