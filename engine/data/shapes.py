"""Built-in images: ten shapes drawn by code in about a second, identical on every machine.

Each shape is a signed distance function (negative inside), drawn with antialiasing on a busy background. Colour, position, size,
angle, background, specks and noise vary independently of the class.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from engine.data.types import Dataset, LabeledImages, Report

SIZE = 32
TRAIN_PER_CLASS, TEST_PER_CLASS = 1000, 200
_CHUNK = 250

Array = np.ndarray
Distance = Callable[[Array, Array], Array]


def _polygon(corners: int, twist: float = 0.0) -> Distance:
    """A regular polygon whose corners lie on the unit circle."""
    half, inner = np.pi / corners, np.cos(np.pi / corners)

    def distance(x: Array, y: Array) -> Array:
        angle = (np.arctan2(y, x) + twist) % (2 * half) - half
        return np.hypot(x, y) * np.cos(angle) - inner

    return distance


def _star(x: Array, y: Array) -> Array:
    """Five points; the edge from each point to the notch next to it is straight."""
    fifth = 2 * np.pi / 5
    angle = np.abs((np.arctan2(y, x) + fifth / 4) % fifth - fifth / 2)
    radius = np.hypot(x, y)
    px, py = radius * np.cos(angle), radius * np.sin(angle)
    notch = 0.42
    ax, ay = notch, 0.0
    bx, by = np.cos(fifth / 2), np.sin(fifth / 2)
    length = np.hypot(bx - ax, by - ay)
    return ((px - ax) * (by - ay) - (py - ay) * (bx - ax)) / length


def _box(x: Array, y: Array, width: float, height: float) -> Array:
    return np.maximum(np.abs(x) - width, np.abs(y) - height)


def _cross(x: Array, y: Array) -> Array:
    return np.minimum(_box(x, y, 0.95, 0.3), _box(x, y, 0.3, 0.95))


def _ring(x: Array, y: Array) -> Array:
    return np.abs(np.hypot(x, y) - 0.72) - 0.22


def _crescent(x: Array, y: Array) -> Array:
    return np.maximum(np.hypot(x, y) - 0.95, 0.72 - np.hypot(x - 0.45, y))


def _heart(x: Array, y: Array) -> Array:
    x, y = np.abs(x), 0.25 - y
    lobes = np.hypot(x - 0.42, y - 0.25) - 0.5
    tip = np.maximum((x + y * 0.82 - 0.5 - 0.36) / 1.29, (-y - 1.05 + x * 1.25) / 1.6)
    return np.minimum(lobes, np.maximum(tip, y - 0.3))


def _arrow(x: Array, y: Array) -> Array:
    shaft = _box(x + 0.35, y, 0.6, 0.2)
    head = np.maximum(-x + 0.05, (np.abs(y) * 0.95 + x * 0.75 - 0.75) / 1.21)
    return np.minimum(shaft, head)


def _bars(x: Array, y: Array) -> Array:
    return np.minimum(_box(x, y - 0.5, 0.9, 0.22), _box(x, y + 0.5, 0.9, 0.22))


SHAPES: dict[str, Distance] = {
    "arrow": _arrow,
    "bars": _bars,
    "circle": lambda x, y: np.hypot(x, y) - 0.9,
    "crescent": _crescent,
    "cross": _cross,
    "heart": _heart,
    "ring": _ring,
    "square": lambda x, y: _box(x, y, 0.74, 0.74),
    "star": _star,
    "triangle": _polygon(3),
}
"""The classes, sorted by name. Distances are in units of the shape's size; y points down."""


def load(data_dir: Path, cache_dir: Path, report: Report) -> Dataset:
    """The built-in images; drawing them is as fast as reading them from a folder would be."""
    return load_shapes(report)


def load_shapes(report: Report, seed: int = 0) -> Dataset:
    """10,000 training and 2,000 test images, balanced over the classes, shuffled by `seed`."""
    rng = np.random.Generator(np.random.PCG64(seed))
    train, test = (_draw_set(rng, count, report) for count in (TRAIN_PER_CLASS, TEST_PER_CLASS))
    return Dataset("shapes", tuple(SHAPES), train, test, fingerprint=f"shapes-1-{seed}")


def _draw_set(rng: np.random.Generator, per_class: int, report: Report) -> LabeledImages:
    labels = rng.permutation(np.repeat(np.arange(len(SHAPES)), per_class))
    images = np.empty((len(labels), 3, SIZE, SIZE), dtype=np.uint8)
    for start in range(0, len(labels), _CHUNK):
        report.poll()
        report.step("Drawing shapes", "", start, len(labels), "images")
        images[start : start + _CHUNK] = _draw(rng, labels[start : start + _CHUNK])
    return LabeledImages(torch.from_numpy(images), torch.from_numpy(labels))


def _draw(rng: np.random.Generator, labels: Array) -> Array:
    """uint8 (N, 3, 32, 32): one shape each, on a background with specks."""
    n = len(labels)

    def draws(low: float, high: float, *shape: int) -> Array:
        return rng.uniform(low, high, (n, *(shape or (1, 1)))).astype(np.float32)

    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)[:, None] + 0.5
    # The background: two colours, blended along a line or in waves.
    one, two = draws(0, 1, 3, 1, 1), draws(0, 1, 3, 1, 1)
    turn = draws(0, 2 * np.pi)
    along = (np.cos(turn) * (x - SIZE / 2) + np.sin(turn) * (y - SIZE / 2)) / SIZE
    waves = 0.5 + 0.5 * np.sin(along * draws(8, 40) + draws(0, 6))
    blend = np.where(draws(0, 1) < 0.45, np.clip(along + 0.5, 0, 1), waves * draws(0.1, 0.6))[:, None]
    canvas = one + (two - one) * blend
    # Specks: small discs of any colour, some large enough to distract.
    for _ in range(3):
        disc = np.hypot(x - draws(0, SIZE), y - draws(0, SIZE)) - draws(0.5, 3.2)
        canvas = _over(canvas, draws(0, 1, 3, 1, 1), disc)
    # The shape, within 40 degrees of upright, so that a square is not a diamond.
    size, angle = draws(7.5, 13.5), draws(-0.7, 0.7)
    cx, cy = (SIZE / 2 + draws(-1, 1) * np.maximum(0, SIZE / 2 - size) for _ in range(2))
    dx, dy = (x - cx) / size, (y - cy) / size
    u, v = np.cos(angle) * dx + np.sin(angle) * dy, np.cos(angle) * dy - np.sin(angle) * dx
    distance = np.empty_like(u)
    for label, shape in enumerate(SHAPES.values()):
        mine = labels == label
        distance[mine] = shape(u[mine], v[mine])
    # Its colour differs from the mean of what is behind it, sometimes only just.
    behind = canvas.mean((2, 3), keepdims=True)
    colour = draws(0, 1, 3, 1, 1)
    colour = np.where(np.abs(colour - behind).sum(1, keepdims=True) < 0.5, (behind + 0.5) % 1, colour)
    canvas = _over(canvas, behind + (colour - behind) * draws(0.75, 1, 1, 1, 1), distance * size)
    canvas = canvas + rng.standard_normal(canvas.shape, dtype=np.float32) * draws(0.01, 0.07, 1, 1, 1)
    return np.rint(np.clip(canvas, 0, 1) * 255).astype(np.uint8)


def _over(canvas: Array, colour: Array, distance: Array) -> Array:
    """Paint where the distance in pixels is below zero, with an edge one pixel wide."""
    cover = np.clip(0.5 - distance, 0, 1)[:, None]
    return canvas + (colour - canvas) * cover
