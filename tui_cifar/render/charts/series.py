"""Loss curves as arrays (N, 2) of x and loss: cleaned, smoothed, and thinned out for drawing."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

Point = tuple[float, float]

LARGEST = 1e30
"""Larger losses are not drawn: their differences overflow."""
SMALLEST = 1 / LARGEST
"""Smaller losses are not drawn on a logarithmic scale, whose ticks would become 0."""


def as_array(points: Sequence[Point]) -> np.ndarray:
    """float (N, 2)."""
    return np.fromiter(itertools.chain.from_iterable(points), float, 2 * len(points)).reshape(-1, 2)


def drawable(points: np.ndarray, start: float, positive: bool) -> np.ndarray:
    """The points from `start` on whose loss can be drawn; on a logarithmic scale only positive ones can."""
    loss = points[:, 1]
    with np.errstate(invalid="ignore"):
        keep = (points[:, 0] >= start) & (np.abs(loss) < LARGEST)
    kept: np.ndarray = points[keep & (loss > SMALLEST)] if positive else points[keep]
    return kept


def logarithms(points: np.ndarray) -> np.ndarray:
    """The points with the decimal logarithm of their loss."""
    return np.column_stack((points[:, 0], np.log10(points[:, 1])))


def smooth(points: np.ndarray, weight: float) -> np.ndarray:
    """The exponential moving average, with the bias correction of Adam (Kingma and Ba, 2015).

    Args:
        weight: of the average so far, in [0, 1); 0 changes nothing.
    """
    if weight <= 0:
        return points
    mean, total, out = 0.0, 0.0, []
    for y in points[:, 1].tolist():
        mean = weight * mean + (1 - weight) * y
        total = weight * total + (1 - weight)
        out.append(mean / total)
    return np.column_stack((points[:, 0], out))


def decimate(points: np.ndarray, start: float, end: float, columns: int) -> np.ndarray:
    """At most two points a column, the lowest and the highest, in order.

    No spike is lost, and drawing takes the same time however long the run is.
    """
    if len(points) <= 2 * columns or end <= start or columns < 1:
        return points
    column = ((points[:, 0] - start) / (end - start) * columns).astype(int).clip(0, columns - 1)
    order = np.lexsort((points[:, 1], column))
    edges = np.flatnonzero(np.diff(column[order])) + 1
    kept = np.concatenate((order[np.r_[0, edges]], order[np.r_[edges - 1, len(order) - 1]]))
    ends: np.ndarray = points[np.unique(kept)]
    return ends
