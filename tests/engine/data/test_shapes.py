"""The built-in images."""

import hashlib

import pytest
import torch

from engine.data.shapes import SHAPES, load_shapes
from engine.data.types import Dataset, Report
from engine.errors import Cancelled
from engine.events.commands import Stop
from engine.training.control import Control


@pytest.fixture(scope="module")
def shapes() -> Dataset:
    return load_shapes(Report())


def test_there_are_enough_images_of_ten_classes(shapes: Dataset) -> None:
    assert len(shapes.class_names) == 10 and list(shapes.class_names) == sorted(SHAPES)
    for part, count in ((shapes.train, 10_000), (shapes.test, 2_000)):
        assert part.images.shape == (count, 3, 32, 32) and part.images.dtype == torch.uint8
        assert part.labels.dtype == torch.int64
        assert torch.bincount(part.labels).tolist() == [count // 10] * 10


def test_the_images_depend_on_the_seed_alone(shapes: Dataset) -> None:
    def digest(data: Dataset) -> str:
        return hashlib.sha256(data.train.images.numpy().tobytes() + data.test.labels.numpy().tobytes()).hexdigest()

    assert digest(load_shapes(Report())) == digest(shapes)
    other = load_shapes(Report(), seed=1)
    assert digest(other) != digest(shapes) and other.fingerprint != shapes.fingerprint


def test_training_and_test_images_differ(shapes: Dataset) -> None:
    seen = {p.numpy().tobytes() for p in shapes.train.images}
    assert len(seen) == 10_000
    assert not any(p.numpy().tobytes() in seen for p in shapes.test.images)


def test_colour_is_independent_of_the_class(shapes: Dataset) -> None:
    means = shapes.train.images.float().mean((2, 3))
    by_class = torch.stack([means[shapes.train.labels == c].mean(0) for c in range(10)])
    assert (by_class - means.mean(0)).abs().max() < 8, "of 255"


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("circle", [(0, 0), (0.8, 0)], [(1, 0), (0.8, 0.8)]),
        ("ring", [(0.72, 0)], [(0, 0), (1, 0)]),
        ("square", [(0.7, 0.7)], [(0.8, 0)]),
        ("cross", [(0.9, 0), (0, 0.9)], [(0.6, 0.6)]),
        ("star", [(0, 0), (0, -0.9)], [(0, 0.9), (0.7, -0.7)]),
        ("heart", [(0, 0.3), (0.4, -0.2)], [(0, -0.7), (0.8, 0.9)]),
        ("bars", [(0, 0.5), (0, -0.5)], [(0, 0)]),
        ("crescent", [(-0.8, 0)], [(0.5, 0)]),
        ("triangle", [(0, 0)], [(0.9, 0.9)]),
        ("arrow", [(0.5, 0), (-0.8, 0)], [(-0.8, 0.5), (0.9, 0.6)]),
    ],
)
def test_each_shape_covers_the_points_it_should(
    name: str, inside: list[tuple[float, float]], outside: list[tuple[float, float]]
) -> None:
    import numpy as np

    def distance(point: tuple[float, float]) -> float:
        return float(SHAPES[name](np.float32(point[0]), np.float32(point[1])))

    assert all(distance(p) < 0 for p in inside)
    assert all(distance(p) > 0 for p in outside)


def test_drawing_can_be_stopped() -> None:
    control = Control()
    control.send(Stop())

    class Stopped(Report):
        def poll(self) -> None:
            control.raise_if_stopping()

    with pytest.raises(Cancelled):
        load_shapes(Stopped())
