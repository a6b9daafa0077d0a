"""Numbers as shades."""

from __future__ import annotations

import numpy as np

from tui_cifar.render.images.shading import centred, heat, stretched, tinted


def test_heat_is_grey_where_cold_and_orange_where_hot() -> None:
    image = np.full((2, 2, 3), 128, dtype=np.uint8)
    shown = heat(image, np.array([[0.0, 1.0], [0.0, 1.0]])).astype(int)
    cold, hot = shown[0, 0], shown[0, 1]
    assert cold.max() - cold.min() < 30 and hot[0] > hot[1] > hot[2] and hot[0] - hot[2] > 90


def test_channels_in_their_own_colour() -> None:
    channel = np.array([[0, 255]], dtype=np.uint8)
    assert tinted(channel, 0).tolist() == [[[0, 0, 0], [255, 0, 0]]]
    assert tinted(channel, 1).tolist() == [[[0, 0, 0], [0, 255, 0]]]
    assert tinted(channel, 2)[0, 1].argmax() == 2


def test_stretching_to_the_whole_range() -> None:
    assert stretched(np.array([-2.0, 0.0, 2.0])).tolist() == [0, 128, 255]
    assert stretched(np.full((2, 2), 7.0)).tolist() == [[0, 0], [0, 0]]
    assert stretched(np.zeros((0, 3))).shape == (0, 3)


def test_centring_on_grey() -> None:
    assert centred(np.array([-2.0, 0.0, 1.0])).tolist() == [0, 128, 191]
    assert centred(np.zeros((2, 2))).tolist() == [[128, 128], [128, 128]]
    assert centred(np.zeros((0, 3))).shape == (0, 3)
