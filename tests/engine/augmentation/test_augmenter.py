"""All augmentations together."""

import itertools

import pytest
import torch

from engine.augmentation.augmenter import Augmenter
from engine.augmentation.flip import Flip
from engine.augmentation.packed import pack
from engine.augmentation.rotation import flip_and_rotate
from tests.support.augmentation import augmenter


def test_half_of_the_images_are_mirrored_and_angles_are_uniform() -> None:
    # The value of each pixel is its row and column, so a pixel far from the centre reveals the angle of rotation.
    n, line = 8000, torch.arange(32, dtype=torch.uint8)
    image = torch.stack(
        [line.view(32, 1).expand(32, 32), line.view(1, 32).expand(32, 32), torch.full((32, 32), 9, dtype=torch.uint8)]
    )
    images = image.expand(n, 3, 32, 32)
    g = torch.Generator().manual_seed(1)
    out = augmenter(rotation=10.0).apply(images, torch.arange(n), Flip("random").drawn(g, 1, n), g)
    mirrored = out[:, 1, 16, 24] < 16
    assert mirrored.float().mean() == pytest.approx(0.5, abs=0.03)
    even = flip_and_rotate(images, mirrored, torch.linspace(-10, 10, n))
    for row, column in ((16, 31), (16, 0), (0, 16), (31, 16)):
        for channel in (0, 1):
            drawn, wanted = (torch.bincount(x[:, channel, row, column].long(), minlength=32) / n for x in (out, even))
            assert (drawn - wanted).abs().max() < 0.03
    assert len(out[:, 0, 16, 31].unique()) > 3


def test_draws_depend_on_the_generator_alone() -> None:
    images = torch.randint(0, 256, (50, 3, 32, 32), dtype=torch.uint8)
    flips, all_of_them = torch.zeros(50, dtype=torch.bool), augmenter(rotation=10.0, crop=3, cutout=8)
    one, same, other = (
        all_of_them.apply(images, torch.arange(50), flips, torch.Generator().manual_seed(s)) for s in (5, 5, 6)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_no_augmentation_leaves_images_unchanged() -> None:
    images = torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8)
    picked = torch.tensor([3, 0])
    nothing = (augmenter(), Augmenter((), 0))
    for laid_out, off in itertools.product((images, pack(images)), nothing):
        out = off.apply(laid_out, picked, torch.zeros(5, dtype=torch.bool), torch.Generator())
        assert torch.equal(out, images[picked])


def test_examples_of_an_image_are_the_same_each_time_and_differ_from_each_other() -> None:
    image = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    examples = augmenter(flip="random", rotation=10.0, crop=2)
    first, again, other = examples.example(image, 0), examples.example(image, 0), examples.example(image, 1)
    assert torch.equal(first, again) and not torch.equal(first, other)
