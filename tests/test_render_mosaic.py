"""Pictures as cells: against known pictures, in every number of colours, at odd and empty sizes."""

from __future__ import annotations

import numpy as np
import pytest
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style

from tui_cifar.render.mosaic import (
    ANSI16,
    CellStyle,
    Line,
    beside,
    cell_styles,
    colour_numbers,
    enlarge_or_shrink,
    half_block_lines,
    heat,
    padded,
    picture_lines,
    printed,
    stretched,
    tinted,
    width_of,
)

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


def test_the_escape_codes_say_the_same_as_the_style() -> None:
    image = np.array([[[1, 2, 3]], [[250, 0, 9]]], dtype=np.uint8)
    (line,) = half_block_lines(image, "truecolor")
    assert printed(line) == "\x1b[38;2;1;2;3;48;2;250;0;9m▀\x1b[0m"
    (line,) = half_block_lines(image, "256")
    assert printed(line) == "\x1b[38;5;16;48;5;196m▀\x1b[0m"
    black = np.zeros((2, 1, 3), dtype=np.uint8)
    assert printed(half_block_lines(black, "16")[0]) == "\x1b[30;40m▀\x1b[0m"
    yellow = black + np.array([255, 255, 0], dtype=np.uint8)
    assert printed(half_block_lines(yellow, "16")[0]).endswith("103m▀\x1b[0m"), "one of the bright eight"


@pytest.mark.parametrize(
    ("mode", "codes"), [("truecolor", ("38;2;1;2;3", "48;2;250;0;9")), ("256", ("38;5;16", "48;5;196"))]
)
def test_the_codes_of_a_cell_come_apart(mode: str, codes: tuple[str, str]) -> None:
    image = np.array([[[1, 2, 3]], [[250, 0, 9]]], dtype=np.uint8)
    (line,) = half_block_lines(image, mode)
    assert isinstance(line[0].style, CellStyle) and line[0].style.codes == codes
    (line,) = half_block_lines(image[:1], mode)
    assert isinstance(line[0].style, CellStyle) and line[0].style.codes == (codes[0], "")


def test_all_16_colours_as_rich_writes_them() -> None:
    numbers = np.arange(16, dtype=np.int32)
    for number, style in enumerate(cell_styles(numbers, numbers[::-1], "16")):
        told = Style(color=Color.from_ansi(number), bgcolor=Color.from_ansi(15 - number))
        assert ";".join(style.codes) == told._make_ansi_codes(ColorSystem.STANDARD)
        assert (style.color, style.bgcolor) == (told.color, told.bgcolor)


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
    if mode != "16":  # dithered, so near white only
        assert all(upper == (255, 255, 255) for row in cells(lines) for upper, _ in row)
    assert all(lower is None for _, lower in cells(lines)[-1]), "below an odd last row there is nothing"


def test_transparency_is_laid_over_black() -> None:
    image = np.array([[[200, 100, 50, 0], [200, 100, 50, 255]]], dtype=np.uint8)
    assert [upper for upper, _ in cells(half_block_lines(image, "truecolor"))[0]] == [(0, 0, 0), (200, 100, 50)]


@pytest.mark.parametrize("mode", (*MODES, "ascii", "off"))
@pytest.mark.parametrize(("h", "w"), [(0, 0), (0, 5), (5, 0), (1, 0)])
def test_nothing_to_draw(mode: str, h: int, w: int) -> None:
    lines = picture_lines(np.zeros((h, w, 3), dtype=np.uint8), mode)  # type: ignore[arg-type]
    assert len(lines) == -(-h // 2) and all(width_of(line) == 0 or mode == "off" for line in lines)


def test_256_colours_are_the_nearest_of_cube_and_greys() -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
    levels = np.array([0, 95, 135, 175, 215, 255])
    palette = [(r, g, b) for r in levels for g in levels for b in levels] + [(8 + 10 * i,) * 3 for i in range(24)]
    colours = np.array(palette)
    distance = ((image.reshape(-1, 1, 3).astype(int) - colours) ** 2).sum(2)
    found = ((image.reshape(-1, 3).astype(int) - colours[colour_numbers(image, "256").ravel() - 16]) ** 2).sum(1)
    assert (found == distance.min(1)).all()


def test_16_colours_dither_to_the_right_mean() -> None:
    for level in (40, 100, 180, 240):
        image = np.full((32, 32, 3), level, dtype=np.uint8)
        shown = ANSI16[colour_numbers(image, "16")]
        assert len(np.unique(colour_numbers(image, "16"))) > 1, "one grey becomes a pattern of several"
        assert abs(shown.mean() - level) < 25
    pure = (ANSI16[[1, 2, 4, 15]][None]).astype(np.uint8)
    assert (np.abs(ANSI16[colour_numbers(np.repeat(pure, 8, 0), "16")].mean(0) - pure[0]) < 80).all()


def test_letters_carry_no_colour() -> None:
    image = np.random.default_rng(2).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    lines = picture_lines(image, "ascii")
    assert all(style is None and text.isascii() for line in lines for text, style, _ in line)


def test_dimming_under_a_dialog_keeps_the_colours() -> None:
    (line,) = half_block_lines(np.array([[[10, 20, 30]], [[40, 50, 60]]], dtype=np.uint8), "truecolor")
    style = line[0].style
    assert style is not None
    plain = style.clear_meta_and_links()
    assert type(plain) is Style and plain.color == style.color and plain.bgcolor == style.bgcolor
    assert (
        style == half_block_lines(np.array([[[10, 20, 30]], [[40, 50, 60]]], dtype=np.uint8), "truecolor")[0][0].style
    )


def test_blocks_side_by_side_fill_up_with_blanks() -> None:
    a: list[Line] = [[Segment("ab")], [Segment("c")]]
    b: list[Line] = [[Segment("x")]]
    assert ["".join(s.text for s in line) for line in beside([(2, a), (3, b)], 1)] == ["ab x  ", "c     "]
    assert padded([Segment("abc")], 2) == [Segment("abc")]


def test_sizes() -> None:
    picture = np.arange(32 * 32 * 3, dtype=np.uint32).astype(np.uint8).reshape(32, 32, 3)
    assert enlarge_or_shrink(picture, 64).shape == (64, 64, 3)
    assert enlarge_or_shrink(picture, 32) is picture
    assert enlarge_or_shrink(picture, 8).shape == (8, 8, 3)
    assert (enlarge_or_shrink(picture, 64)[::2, ::2] == picture).all()


def test_heat_is_grey_where_cold_and_orange_where_hot() -> None:
    picture = np.full((2, 2, 3), 128, dtype=np.uint8)
    shown = heat(picture, np.array([[0.0, 1.0], [0.0, 1.0]])).astype(int)
    cold, hot = shown[0, 0], shown[0, 1]
    assert cold.max() - cold.min() < 30 and hot[0] > hot[1] > hot[2] and hot[0] - hot[2] > 90


def test_channels_in_their_own_shade() -> None:
    channel = np.array([[0, 255]], dtype=np.uint8)
    assert tinted(channel, 0).tolist() == [[[0, 0, 0], [255, 0, 0]]]
    assert tinted(channel, 1).tolist() == [[[0, 0, 0], [0, 255, 0]]]
    assert tinted(channel, 2)[0, 1].argmax() == 2


def test_stretching_to_bytes() -> None:
    assert stretched(np.array([-2.0, 0.0, 2.0])).tolist() == [0, 128, 255]
    assert stretched(np.full((2, 2), 7.0)).tolist() == [[0, 0], [0, 0]]
    assert stretched(np.zeros((0, 3))).shape == (0, 3)
