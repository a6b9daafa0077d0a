"""How many images fit into a place."""

from __future__ import annotations

import pytest
from rich.segment import Segment

from tui_cifar.render.images.captions import captions_for
from tui_cifar.render.images.grid import MAX_GAP, Captions, Grid, fit, in_rows
from tui_cifar.render.text.line import width_of


@pytest.mark.parametrize(
    ("width", "height", "grid"),
    [
        (118, 34, Grid(28, 4, 2, 2)),  # eight that fill the width, rather than six of 32
        (78, 18, Grid(16, 4, 2, 4)),
        (198, 54, Grid(30, 6, 3, 3)),
        (58, 9, Grid(16, 3, 1, 5)),
        (34, 17, Grid(14, 2, 2, 6)),
        (9, 5, Grid(8, 1, 1)),
        (5, 3, Grid(0, 1, 3)),
        (0, 0, Grid(0, 1, 1)),
    ],
)
def test_images_fill_the_space(width: int, height: int, grid: Grid) -> None:
    assert fit(width, height) == grid


def test_no_grid_is_larger_than_its_place() -> None:
    for width in range(0, 140, 3):
        for height in range(0, 60, 2):
            for side in (None, 32, 16, 8):
                g = fit(width, height, side)
                if g.side:
                    assert g.columns * g.side + (g.columns - 1) * g.gap <= width and g.gap <= MAX_GAP
                    assert g.rows * (g.side // 2 + 1) <= height and g.page >= 1


def test_a_requested_size_is_used_if_it_fits() -> None:
    assert fit(118, 34, 32).side == 32 and fit(118, 34, 8).side == 8
    assert fit(20, 10, 32).side == 18


def test_few_images_are_drawn_large() -> None:
    assert fit(118, 34, most=1) == Grid(32, 1, 2)
    assert fit(60, 20, most=3).side > fit(60, 20, most=12).side


def test_rows_hold_what_fits() -> None:
    blocks = [[[Segment(str(i) * 8)], [Segment("x")]] for i in range(7)]
    lines = in_rows(blocks, Grid(8, 3, 2, 2))
    assert ["".join(s.text for s in line) for line in lines[::2]] == [
        "00000000  11111111  22222222",
        "33333333  44444444  55555555",
    ]
    assert all(width_of(line) == 28 for line in lines)


def test_captions_have_the_room_that_they_need() -> None:
    captions = captions_for(("airplane", "automobile", "cat"))
    assert captions == Captions(one_line=31, two_lines=18)
    assert fit(79, 19, captions=captions) == Grid(14, 4, 2, 2, caption_lines=2, margin=4)
    assert fit(59, 11, captions=captions) == Grid(18, 3, 1, 2, caption_lines=2)
    for width in range(18, 210, 7):
        for height in range(6, 60, 5):
            g = fit(width, height, captions=captions)
            if g.side:
                assert g.caption_lines == (1 if g.side >= 31 else 2) and g.width >= 18
                assert g.columns * g.width + (g.columns - 1) * g.gap <= width and g.rows * g.height <= height
