"""Pictures as text, against pictures whose cells are known."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console
from rich.text import Text

from tui_cifar.render.lines import Lines
from tui_cifar.render.pictures import as_rgb, ascii_ramp, enlarge, half_blocks, shrink
from tui_cifar.render.text import countdown, cut, duration, plain, rate

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def picture(*rows: list[tuple[int, int, int]]) -> np.ndarray:
    """uint8 (H, W, 3)."""
    return np.array(rows, dtype=np.uint8)


def cells(line: Text) -> list[tuple[str, str | None, str | None]]:
    """(character, foreground, background) of every cell."""
    out: list[tuple[str, str | None, str | None]] = []
    console = Console(color_system="truecolor", width=300)
    for i, character in enumerate(line.plain):
        style = line.get_style_at_offset(console, i)
        ground = [
            c.triplet.hex if c is not None and c.triplet is not None else None for c in (style.color, style.bgcolor)
        ]
        out.append((character, ground[0], ground[1]))
    return out


def test_two_pixels_a_cell() -> None:
    lines = half_blocks(picture([RED, GREEN], [BLUE, WHITE]))
    assert [cells(line) for line in lines] == [[("▀", "#ff0000", "#0000ff"), ("▀", "#00ff00", "#ffffff")]]


def test_the_last_of_an_odd_number_of_rows_has_no_background() -> None:
    lines = half_blocks(picture([RED], [GREEN], [BLUE]))
    assert [cells(line) for line in lines] == [[("▀", "#ff0000", "#00ff00")], [("▀", "#0000ff", None)]]


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 5, 3), (4, 0, 3), (3, 0, 3)])
def test_no_pixels(shape: tuple[int, int, int]) -> None:
    empty = np.zeros(shape, dtype=np.uint8)
    for lines in (half_blocks(empty), ascii_ramp(empty)):
        assert len(lines) == (shape[0] + 1) // 2
        assert all(line.plain == "" for line in lines)


def test_grey_and_alpha() -> None:
    grey = np.array([[0, 128], [255, 64]], dtype=np.uint8)
    assert cells(half_blocks(grey)[0]) == [("▀", "#000000", "#ffffff"), ("▀", "#808080", "#404040")]
    assert np.array_equal(as_rgb(grey[..., None]), as_rgb(grey))
    clear = np.array([[[255, 100, 0, 0], [255, 100, 0, 255], [200, 100, 0, 128]]], dtype=np.uint8)
    assert as_rgb(clear).tolist() == [[[0, 0, 0], [255, 100, 0], [100, 50, 0]]]


def test_equal_neighbours_share_a_span() -> None:
    assert len(half_blocks(picture([RED] * 8 + [BLUE] * 8, [RED] * 16))[0].spans) == 2


def test_every_pixel_is_where_it_was() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    for y, line in enumerate(half_blocks(image)):
        for x, (_, upper, lower) in enumerate(cells(line)):
            assert upper == "#{:02x}{:02x}{:02x}".format(*image[2 * y, x])
            assert lower == "#{:02x}{:02x}{:02x}".format(*image[2 * y + 1, x])


def test_the_ramp_goes_by_luminance() -> None:
    image = picture([(0, 0, 0), BLUE, RED, GREEN, WHITE], [(0, 0, 0), BLUE, RED, GREEN, WHITE])
    assert ascii_ramp(image)[0].plain == " .:*@"  # Rec. 709: blue 0.07, red 0.21, green 0.72
    assert ascii_ramp(image, light=True)[0].plain == "@%#- "


def test_the_ramp_of_one_colour_shows_how_light_it_is() -> None:
    assert ascii_ramp(picture([WHITE], [WHITE]))[0].plain == "@"
    assert ascii_ramp(picture([(0, 0, 0)], [(0, 0, 0)]))[0].plain == " "


def test_sizes() -> None:
    image = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
    assert enlarge(image, 3).shape == (12, 12, 3)
    assert np.array_equal(enlarge(image, 3)[::3, ::3], image)
    assert np.array_equal(shrink(enlarge(image, 2), 2), image)
    assert shrink(image, 1) is image
    assert shrink(np.array([[[0] * 3, [255] * 3]] * 2, dtype=np.uint8), 2).tolist() == [[[128] * 3]]


def test_lines_draw_what_rich_draws() -> None:
    image = np.random.default_rng(1).integers(0, 256, (8, 6, 3), dtype=np.uint8)
    texts = [Text("  ").join([line, line]) for line in half_blocks(image)]
    texts += [Text.assemble(("✓ ", "green"), "cat", (" 0.97", "bold")), Text("dim", "dim"), Text("")]
    overlapping = Text("overlapping")
    overlapping.stylize("red", 0, 6)
    overlapping.stylize("bold", 3, 9)
    texts.append(overlapping)

    def rendered(what: object) -> str:
        console = Console(color_system="truecolor", force_terminal=True, width=40)
        with console.capture() as capture:
            console.print(what, end="")
        return capture.get()

    assert rendered(Lines(texts)) == "".join(rendered(t) + "\n" for t in texts)
    assert Lines(texts).plain.splitlines()[-1] == "overlapping"


def test_words() -> None:
    assert [duration(s) for s in (2.1, 59.94, 59.96, 65, 3723)] == ["2.1 s", "59.9 s", "1:00", "1:05", "1:02:03"]
    assert [countdown(s) for s in (-3, 42, 725, 12_000)] == ["0:00", "0:42", "12:05", "3:20:00"]
    assert rate(0.01) == "0.01" and rate(0.0004) == "0.0004"
    assert [cut("automobile", n) for n in (10, 5, 1, 0)] == ["automobile", "auto…", "…", ""]
    assert plain("★ 1.001 → 0.985 … ✓ ✗ ━╸ Ω 61 °C").isascii()
