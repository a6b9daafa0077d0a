"""Images as cells: against known images, in every number of colours, at odd and empty sizes."""

from __future__ import annotations

import numpy as np
import pytest
from rich.color import Color

from tui_cifar.render.images.blocks import half_block_lines, quadrant_lines
from tui_cifar.render.images.cells import image_lines, thumbnail_lines
from tui_cifar.render.images.palette import ANSI16, ANSI256
from tui_cifar.render.rich_private import CellStyle
from tui_cifar.render.text.line import Line, width_of

MODES = ("truecolor", "256", "16")


def cells(lines: list[Line]) -> list[list[tuple[tuple[int, int, int] | None, tuple[int, int, int] | None]]]:
    """Upper and lower colour of each cell, as Rich understands the styles."""
    out = []
    for line in lines:
        row = []
        for text, style, _ in line:
            assert isinstance(style, CellStyle) and set(text) == {"▀"}
            pair = tuple(None if c is None else tuple(c.get_truecolor()) for c in (style.color, style.bgcolor))
            row += [pair] * len(text)
        out.append(row)
    return out  # type: ignore[return-value]


def test_two_pixels_a_cell_in_true_colour() -> None:
    image = np.random.default_rng(0).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    found = cells(half_block_lines(image, "truecolor"))
    assert found == [
        [(tuple(image[2 * y, x].tolist()), tuple(image[2 * y + 1, x].tolist())) for x in range(5)] for y in range(3)
    ]


def test_neighbours_of_the_same_colours_are_one_segment() -> None:
    image = np.zeros((2, 9, 3), dtype=np.uint8)
    image[:, 4:] = 200
    (line,) = half_block_lines(image, "truecolor")
    assert [s.text for s in line] == ["▀" * 4, "▀" * 5]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(3, 4, 3), (1, 1, 3), (5, 2), (3, 3, 1), (7, 3, 4)])
def test_odd_heights_grey_and_alpha(mode: str, shape: tuple[int, ...]) -> None:
    image = np.full(shape, 255, dtype=np.uint8)
    lines = half_block_lines(image, mode)
    assert len(lines) == -(-shape[0] // 2)
    assert all(width_of(line) == shape[1] for line in lines)
    assert all(upper == (255, 255, 255) for row in cells(lines) for upper, _ in row)
    assert all(lower is None for _, lower in cells(lines)[-1]), "below an odd last row there is nothing"


def test_transparency_is_laid_over_black() -> None:
    image = np.array([[[200, 100, 50, 0], [200, 100, 50, 255]]], dtype=np.uint8)
    assert [upper for upper, _ in cells(half_block_lines(image, "truecolor"))[0]] == [(0, 0, 0), (200, 100, 50)]


@pytest.mark.parametrize("mode", (*MODES, "ascii", "off"))
@pytest.mark.parametrize(("h", "w"), [(0, 0), (0, 5), (5, 0), (1, 0)])
def test_nothing_to_draw(mode: str, h: int, w: int) -> None:
    lines = image_lines(np.zeros((h, w, 3), dtype=np.uint8), mode)  # type: ignore[arg-type]
    assert len(lines) == -(-h // 2) and all(width_of(line) == 0 or mode == "off" for line in lines)


SHARE = {"░": 0.25, "▒": 0.5}


def seen(lines: list[Line]) -> np.ndarray:
    """What the upper and the lower half of each cell show on the whole, float (2 H, W, 3)."""
    out = np.zeros((2 * len(lines), width_of(lines[0]), 3))
    for y, line in enumerate(lines):
        x = 0
        for text, style, _ in line:
            assert style is not None and style.color is not None and style.bgcolor is not None
            fore, back = (np.array(c.triplet, dtype=float) for c in (style.color, style.bgcolor))
            share = SHARE.get(text[0])
            for half, pure in ((0, fore), (1, back)):
                out[2 * y + half, x : x + len(text)] = pure if share is None else share * fore + (1 - share) * back
            x += len(text)
    return out


@pytest.mark.parametrize(("mode", "palette"), [("256", ANSI256), ("16", ANSI16)])
def test_a_mixture_is_closer_than_the_nearest_colour(mode: str, palette: np.ndarray) -> None:
    wanted = np.random.default_rng(1).integers(0, 256, (200, 3)).astype(np.uint8)
    shown = seen(half_block_lines(np.tile(wanted, (2, 1, 1)), mode))[0]
    nearest = palette[((wanted[:, None].astype(float) - palette) ** 2).sum(2).argmin(1)]
    assert np.abs(shown - wanted).mean() < 0.75 * np.abs(nearest - wanted).mean()


@pytest.mark.parametrize("mode", ["256", "16"])
def test_an_edge_within_a_cell_stays_an_edge(mode: str) -> None:
    image = np.zeros((2, 3, 3), dtype=np.uint8)
    image[0] = 255
    (line,) = half_block_lines(image, mode)
    assert [s.text for s in line] == ["▀▀▀"] and seen([line])[0].min() == 255 and seen([line])[1].max() == 0


@pytest.mark.parametrize("mode", ["256", "16"])
def test_black_white_and_pure_colours_are_not_mixed(mode: str) -> None:
    for colour in [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 255)]:
        lines = half_block_lines(np.full((8, 8, 3), colour, dtype=np.uint8), mode)
        assert {s.text for line in lines for s in line} == {"▀" * 8} and (seen(lines) == colour).all()


def test_the_256_colours_are_those_of_xterm() -> None:
    for number in range(16, 256):
        assert tuple(ANSI256[number - 16].astype(int)) == tuple(Color.from_ansi(number).get_truecolor())


def test_16_colours_show_a_grey_between_theirs_as_a_mixture() -> None:
    for level in (40, 180):
        (line,) = half_block_lines(np.full((2, 5, 3), level, dtype=np.uint8), "16")
        assert line[0].text[0] in SHARE and abs(seen([line]).mean() - level) < 20


def test_letters_have_no_colour() -> None:
    image = np.random.default_rng(2).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    lines = image_lines(image, "ascii")
    assert all(style is None and text.isascii() for line in lines for text, style, _ in line)


def quadrants(lines: list[Line]) -> np.ndarray:
    """What four pixels a cell show, float (2 H, 2 W, 3)."""
    out = np.zeros((2 * len(lines), 2 * width_of(lines[0]), 3))
    for y, line in enumerate(lines):
        x = 0
        for text, style, _ in line:
            assert style is not None and style.color is not None and style.bgcolor is not None
            for character in text:
                ones = {"▘": 1, "▝": 2, "▀": 3, "▖": 4, "▌": 5, "▞": 6, "▛": 7}[character]
                for bit in range(4):
                    colour = style.color if ones >> bit & 1 else style.bgcolor
                    out[2 * y + bit // 2, 2 * x + bit % 2] = colour.get_truecolor()
                x += 1
    return out


def test_four_pixels_a_cell_where_two_colours_are_enough() -> None:
    rng = np.random.default_rng(0)
    pairs = rng.integers(0, 256, (3, 5, 2, 3), dtype=np.uint8)
    image = np.zeros((6, 10, 3), dtype=np.uint8)
    for y in range(6):
        for x in range(10):
            image[y, x] = pairs[y // 2, x // 2, rng.integers(0, 2)]
    lines = quadrant_lines(image)
    assert len(lines) == 3 and all(width_of(line) == 5 for line in lines)
    assert np.array_equal(quadrants(lines), image)


def test_four_pixels_a_cell_take_the_best_split() -> None:
    image = np.random.default_rng(3).integers(0, 256, (2, 40, 3), dtype=np.uint8)
    shown = quadrants(quadrant_lines(image))
    for x in range(0, 40, 2):
        cell, found = image[:, x : x + 2].reshape(4, 3).astype(float), shown[:, x : x + 2].reshape(4, 3)
        least = min(
            sum(((g - g.mean(0)) ** 2).sum() for g in (cell[ones], cell[~ones]) if len(g))
            for ones in (np.array([split >> bit & 1 for bit in range(4)], dtype=bool) for split in range(8))
        )
        assert ((found - cell) ** 2).sum() == pytest.approx(least, rel=0.01, abs=4), "but for rounding"


def test_four_pixels_a_cell_of_one_colour() -> None:
    (line,) = quadrant_lines(np.full((2, 8, 3), 77, dtype=np.uint8))
    assert [s.text for s in line] == ["▀▀▀▀"] and (quadrants([line]) == 77).all()
    assert quadrant_lines(np.zeros((0, 4, 3), dtype=np.uint8)) == []


@pytest.mark.parametrize("mode", (*MODES, "ascii", "off"))
@pytest.mark.parametrize("side", [6, 8, 16, 20, 32, 64])
def test_thumbnails_have_the_requested_size(mode: str, side: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    lines = thumbnail_lines(image, side, mode)  # type: ignore[arg-type]
    assert [width_of(line) for line in lines] == [side] * (side // 2)
