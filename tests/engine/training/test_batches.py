"""The batches of an epoch: every image once, the same from any position."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.data.types import LabeledImages
from engine.training import batches
from engine.training.batches import training_batches
from engine.training.plan import Plan

COUNT, SIZE = 47, 5
IMAGES = torch.randint(0, 256, (COUNT, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
DATA = LabeledImages(IMAGES, torch.arange(COUNT))
AUGMENTED: dict[str, Any] = {"recipe": "tutorial", "flip": "random", "rotation": 10.0, "crop": 2, "cutout": 8}
PLAIN: dict[str, Any] = {"recipe": "tutorial", "flip": "off", "rotation": 0.0, "crop": 0, "cutout": 0}


def make(**settings: Any) -> tuple[Config, Plan]:
    config = make_config({"batch_size": SIZE, "epochs": 4, **settings})
    return config, Plan(config, COUNT, full_width=0)


def epoch(number: int, first_step: int = 0, **settings: Any) -> list[tuple[torch.Tensor, torch.Tensor]]:
    config, plan = make(**settings)
    return list(training_batches(DATA, config, plan, number, first_step))


def test_every_image_comes_once_per_epoch_in_another_order() -> None:
    first, second = (torch.cat([labels for _, labels in epoch(n, **PLAIN)]) for n in (1, 2))
    assert first.sort().values.tolist() == second.sort().values.tolist() == list(range(COUNT))
    assert first.tolist() != second.tolist()
    assert [len(labels) for _, labels in epoch(1, **PLAIN)] == [5] * 9 + [2]


def test_without_augmentation_images_are_unchanged() -> None:
    assert all(torch.equal(images, IMAGES[labels]) for images, labels in epoch(1, **PLAIN))


@pytest.mark.parametrize("first_step", [1, 3, 4, 9])
def test_a_resumed_epoch_has_the_batches_of_an_uninterrupted_one(
    monkeypatch: pytest.MonkeyPatch, first_step: int
) -> None:
    monkeypatch.setattr(batches, "CHUNK", 3 * SIZE)  # so that steps begin, continue and end a chunk
    whole, rest = epoch(2, **AUGMENTED), epoch(2, first_step, **AUGMENTED)
    assert len(rest) == len(whole) - first_step
    for (images, labels), (expected_images, expected_labels) in zip(rest, whole[first_step:], strict=True):
        assert torch.equal(images, expected_images) and torch.equal(labels, expected_labels)


def test_a_first_cycle_of_one_epoch_is_not_augmented() -> None:
    first, second = (epoch(n, **AUGMENTED, schedule="cycles") for n in (1, 2))
    assert all(torch.equal(images, IMAGES[labels]) for images, labels in first)
    assert not all(torch.equal(images, IMAGES[labels]) for images, labels in second)
