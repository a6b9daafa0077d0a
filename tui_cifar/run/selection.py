"""Which images of an evaluation are shown, and in which order."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tui_cifar.run.predictions import Results

ORDERS = {
    "number": ("by number", "last number first"),
    "confidence": ("most confident first", "least confident first"),
    "loss": ("highest loss first", "lowest loss first"),
    "margin": ("closest call first", "clearest first"),
}
"""The names of each order, and of the same order reversed."""
OUTCOMES = {"all": "all", "misclassified": "misclassified only", "correct": "correct only"}


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter and an order."""

    outcome: str = "all"
    """A key of `OUTCOMES`."""
    true: int | None = None
    """The true class, or None for any."""
    predicted: int | None = None
    """The predicted class, or None for any."""
    order: str = "number"
    """A key of `ORDERS`."""
    reverse: bool = False

    def describe(self, class_names: tuple[str, ...]) -> str:
        """ "misclassified only · true cat · most confident first"."""
        parts = [OUTCOMES[self.outcome]]
        if self.true is not None:
            parts.append(f"true {class_names[self.true]}")
        if self.predicted is not None:
            parts.append(f"predicted {class_names[self.predicted]}")
        return " · ".join([*parts, ORDERS[self.order][self.reverse]])

    @property
    def unfiltered(self) -> Selection:
        """All images in the same order."""
        return Selection(order=self.order, reverse=self.reverse)

    def with_class(self, which: str, label: int | None) -> Selection:
        """The same with another class; `which` is "true" or "predicted"."""
        return replace(self, true=label) if which == "true" else replace(self, predicted=label)


MOST_CONFIDENTLY_WRONG = Selection("misclassified", order="confidence")
LEAST_CERTAIN = Selection("all", order="margin")


def select(results: Results, selection: Selection) -> np.ndarray:
    """int64 (K,): the numbers of the selected images in the order of the selection; ties are broken by number."""
    keep = np.ones(len(results), dtype=bool)
    if selection.outcome != "all":
        keep &= results.correct == (selection.outcome == "correct")
    if selection.true is not None:
        keep &= results.labels == selection.true
    if selection.predicted is not None:
        keep &= results.predicted == selection.predicted
    numbers = np.flatnonzero(keep)
    if selection.order == "number":
        return numbers[::-1] if selection.reverse else numbers
    key = getattr(results, selection.order)[numbers]
    largest_first = (selection.order != "margin") != selection.reverse
    ordered: np.ndarray = numbers[np.argsort(-key if largest_first else key, kind="stable")]
    return ordered
