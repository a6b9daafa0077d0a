"""Images as arrays."""

from __future__ import annotations

import numpy as np
import pytest

from tui_cifar.render.images.pixels import as_rgb, enlarge, enlarge_or_shrink, resized, shrink


def test_grey_and_alpha() -> None:
    grey = np.array([[0, 128], [255, 64]], dtype=np.uint8)
    assert as_rgb(grey).tolist() == [[[0] * 3, [128] * 3], [[255] * 3, [64] * 3]]
    assert np.array_equal(as_rgb(grey[..., None]), as_rgb(grey))
    clear = np.array([[[255, 100, 0, 0], [255, 100, 0, 255], [200, 100, 0, 128]]], dtype=np.uint8)
    assert as_rgb(clear).tolist() == [[[0, 0, 0], [255, 100, 0], [100, 50, 0]]]


def test_scaling_by_whole_factors() -> None:
    image = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
    assert enlarge(image, 3).shape == (12, 12, 3)
    assert np.array_equal(enlarge(image, 3)[::3, ::3], image)
    assert np.array_equal(shrink(enlarge(image, 2), 2), image)
    assert shrink(image, 1) is image
    assert shrink(np.array([[[0] * 3, [255] * 3]] * 2, dtype=np.uint8), 2).tolist() == [[[128] * 3]]


def test_scaling_to_a_side() -> None:
    image = np.arange(32 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(32, 32, 3)
    assert enlarge_or_shrink(image, 64).shape == (64, 64, 3)
    assert enlarge_or_shrink(image, 32) is image
    assert enlarge_or_shrink(image, 8).shape == (8, 8, 3)
    assert (enlarge_or_shrink(image, 64)[::2, ::2] == image).all()


def test_a_new_pixel_is_the_mean_of_what_it_covers() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(2, 6, 1)
    assert resized(image, 1, 3)[..., 0].tolist() == [[3.5, 5.5, 7.5]]
    assert resized(image, 2, 4)[0, :, 0].tolist() == pytest.approx([1 / 3, 5 / 3, 10 / 3, 14 / 3])
    assert (resized(image, 4, 12)[::2, ::2] == image).all()
