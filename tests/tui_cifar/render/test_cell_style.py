"""Styles of cells: their escape codes, and what Rich and Textual make of them."""

from __future__ import annotations

import numpy as np
import pytest
from rich.color import Color, ColorSystem
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI
from textual.color import Color as Background
from textual.filter import ANSIToTruecolor

from tui_cifar.render.images.blocks import half_block_lines
from tui_cifar.render.images.cell_style import cell_styles, printed
from tui_cifar.render.rich_private import CellStyle


def test_the_escape_codes_say_the_same_as_the_style() -> None:
    image = np.array([[[1, 2, 3]], [[250, 0, 9]]], dtype=np.uint8)
    (line,) = half_block_lines(image, "truecolor")
    assert printed(line) == "\x1b[38;2;1;2;3;48;2;250;0;9m▀\x1b[0m"
    (line,) = half_block_lines(image // 50 * 51, "256")
    assert printed(line) == "\x1b[38;5;16;48;5;196m▀\x1b[0m"
    black = np.zeros((2, 1, 3), dtype=np.uint8)
    assert printed(half_block_lines(black, "16")[0]) == "\x1b[30;40m▀\x1b[0m"
    yellow = black + np.array([255, 255, 0], dtype=np.uint8)
    assert printed(half_block_lines(yellow, "16")[0]).endswith("103m▀\x1b[0m"), "one of the bright eight"


@pytest.mark.parametrize(
    ("mode", "codes"), [("truecolor", ("38;2;1;2;3", "48;2;250;0;9")), ("256", ("38;5;16", "48;5;196"))]
)
def test_the_codes_of_foreground_and_background(mode: str, codes: tuple[str, str]) -> None:
    image = np.array([[[1, 2, 3]], [[250, 0, 9]]], dtype=np.uint8)
    image = image if mode == "truecolor" else image // 50 * 51
    (line,) = half_block_lines(image, mode)
    assert isinstance(line[0].style, CellStyle) and line[0].style.codes == codes
    (line,) = half_block_lines(image[:1], mode)
    assert isinstance(line[0].style, CellStyle) and line[0].style.codes == (codes[0], "")


def test_all_16_colours_as_rich_writes_them() -> None:
    numbers = np.arange(16, dtype=np.int32)
    for number, style in enumerate(cell_styles(numbers, numbers[::-1], "16")):
        expected = Style(color=Color.from_ansi(number), bgcolor=Color.from_ansi(15 - number))
        assert ";".join(style.codes) == expected._make_ansi_codes(ColorSystem.STANDARD)
        assert style.color is not None and style.color.number == number and style.color.triplet is not None
        assert style.color.downgrade(ColorSystem.STANDARD).get_ansi_codes() == expected.color.get_ansi_codes()  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["256", "16"])
def test_no_filter_of_textual_touches_the_colours(mode: str) -> None:
    image = np.random.default_rng(0).integers(0, 256, (2, 30, 3), dtype=np.uint8)
    (line,) = half_block_lines(image, mode)
    assert ANSIToTruecolor(DIMMED_MONOKAI).apply(line, Background(0, 0, 0)) == line


def test_dimming_under_a_dialog_keeps_the_colours() -> None:
    (line,) = half_block_lines(np.array([[[10, 20, 30]], [[40, 50, 60]]], dtype=np.uint8), "truecolor")
    style = line[0].style
    assert style is not None
    plain = style.clear_meta_and_links()
    assert type(plain) is Style and plain.color == style.color and plain.bgcolor == style.bgcolor
    assert (
        style == half_block_lines(np.array([[[10, 20, 30]], [[40, 50, 60]]], dtype=np.uint8), "truecolor")[0][0].style
    )
