"""The channels of an image."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.drawing import STYLES, written
from tui_cifar.render.images.channels import channel_layout, channels_view
from tui_cifar.render.look import Look


@pytest.mark.parametrize(("width", "height"), [(198, 56), (118, 34), (78, 18), (58, 11), (20, 4)])
@pytest.mark.parametrize("row", [0, 17, 31])
def test_the_pixel_under_the_cursor_is_always_visible(width: int, height: int, row: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    look = Look("truecolor", STYLES)
    lines = written(channels_view(image, None, (row, 5), 1, width, height, look))
    shown = [i for i, line in enumerate(lines) if "◂" in line]
    layout = channel_layout(row, width, height)
    assert shown and shown[0] < max(height, 3) and shown[0] == 2 + row * layout.scale // 2 - layout.top
    at = lines[1].index("▾")
    found = layout.pixel(at, shown[0])
    assert found is not None and found[1] == 5 and abs(found[0] - row) < 2, "a click there finds it again"
    assert layout.pixel(at, 1) is None and layout.pixel(width + 99, shown[0]) is None
    for block in range(layout.count):
        assert layout.pixel(block * (layout.width + layout.gap) + 31 * layout.scale, shown[0]) == (found[0], 31)
        assert layout.pixel(block * (layout.width + layout.gap) + 32 * layout.scale, shown[0]) is None
    assert f"green {image[row, 5, 1]:3}" in lines[0]
