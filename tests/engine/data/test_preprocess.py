"""Images as networks take them."""

import torch

from engine.data.preprocess import to_float


def test_scaled_images_keep_their_mean() -> None:
    images = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8)
    for size in (16, 24):
        small = to_float(images, torch.channels_last, size)
        assert small.shape == (6, 3, size, size) and small.is_contiguous(memory_format=torch.channels_last)
        assert (small.mean((2, 3)) - to_float(images).mean((2, 3))).abs().max() < 0.02
    assert torch.equal(to_float(images, size=32), to_float(images))


def test_values_are_normalized_as_in_the_tutorial() -> None:
    values = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 1, 1, 3)
    assert torch.allclose(to_float(values).flatten(), torch.tensor([-1.0, -0.6, 1.0]))
