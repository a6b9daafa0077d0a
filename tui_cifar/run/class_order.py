"""How lists of classes are sorted."""

from __future__ import annotations

from collections.abc import Sequence

CLASS_ORDERS = ("class order", "best first", "worst first")


def class_order(accuracies: Sequence[float], order: str) -> list[int]:
    """The classes in one of the `CLASS_ORDERS`; ties stay in class order."""
    classes = range(len(accuracies))
    if order == "class order":
        return list(classes)
    return sorted(classes, key=lambda i: accuracies[i], reverse=order == "best first")
