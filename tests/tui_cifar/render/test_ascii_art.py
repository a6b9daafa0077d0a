"""Images as letters."""

from __future__ import annotations

import numpy as np
import pytest

from tui_cifar.render.images.ascii_art import ascii_ramp

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def pixels(*rows: list[tuple[int, int, int]]) -> np.ndarray:
    """uint8 (H, W, 3)."""
    return np.array(rows, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 5, 3), (4, 0, 3), (3, 0, 3)])
def test_no_pixels(shape: tuple[int, int, int]) -> None:
    empty = np.zeros(shape, dtype=np.uint8)
    lines = ascii_ramp(empty)
    assert len(lines) == (shape[0] + 1) // 2 and not any(lines)


def test_the_ramp_goes_by_luminance() -> None:
    image = pixels([(0, 0, 0), BLUE, RED, GREEN, WHITE], [(0, 0, 0), BLUE, RED, GREEN, WHITE])
    assert ascii_ramp(image)[0] == " .:*@"  # Rec. 709: blue 0.07, red 0.21, green 0.72
    assert ascii_ramp(image, light=True)[0] == "@%#- "


def test_the_ramp_of_one_colour_shows_how_light_it_is() -> None:
    assert ascii_ramp(pixels([WHITE], [WHITE]))[0] == "@"
    assert ascii_ramp(pixels([(0, 0, 0)], [(0, 0, 0)]))[0] == " "
