"""Images as text, against images whose cells are known."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console
from rich.text import Text

from tui_cifar.render.images.pixels import as_rgb, ascii_ramp, enlarge, shrink
from tui_cifar.render.text.lines import Lines
from tui_cifar.render.text.text import countdown, cut, duration, plain, rate

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def pixels(*rows: list[tuple[int, int, int]]) -> np.ndarray:
    """uint8 (H, W, 3)."""
    return np.array(rows, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 5, 3), (4, 0, 3), (3, 0, 3)])
def test_no_pixels(shape: tuple[int, int, int]) -> None:
    empty = np.zeros(shape, dtype=np.uint8)
    lines = ascii_ramp(empty)
    assert len(lines) == (shape[0] + 1) // 2 and not any(lines)


def test_grey_and_alpha() -> None:
    grey = np.array([[0, 128], [255, 64]], dtype=np.uint8)
    assert as_rgb(grey).tolist() == [[[0] * 3, [128] * 3], [[255] * 3, [64] * 3]]
    assert np.array_equal(as_rgb(grey[..., None]), as_rgb(grey))
    clear = np.array([[[255, 100, 0, 0], [255, 100, 0, 255], [200, 100, 0, 128]]], dtype=np.uint8)
    assert as_rgb(clear).tolist() == [[[0, 0, 0], [255, 100, 0], [100, 50, 0]]]


def test_the_ramp_goes_by_luminance() -> None:
    image = pixels([(0, 0, 0), BLUE, RED, GREEN, WHITE], [(0, 0, 0), BLUE, RED, GREEN, WHITE])
    assert ascii_ramp(image)[0] == " .:*@"  # Rec. 709: blue 0.07, red 0.21, green 0.72
    assert ascii_ramp(image, light=True)[0] == "@%#- "


def test_the_ramp_of_one_colour_shows_how_light_it_is() -> None:
    assert ascii_ramp(pixels([WHITE], [WHITE]))[0] == "@"
    assert ascii_ramp(pixels([(0, 0, 0)], [(0, 0, 0)]))[0] == " "


def test_sizes() -> None:
    image = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
    assert enlarge(image, 3).shape == (12, 12, 3)
    assert np.array_equal(enlarge(image, 3)[::3, ::3], image)
    assert np.array_equal(shrink(enlarge(image, 2), 2), image)
    assert shrink(image, 1) is image
    assert shrink(np.array([[[0] * 3, [255] * 3]] * 2, dtype=np.uint8), 2).tolist() == [[[128] * 3]]


def test_lines_draw_what_rich_draws() -> None:
    coloured = Text().join(Text("▀", f"#{n:06x} on #{3 * n:06x}") for n in range(0, 5_000_000, 250_007))
    coloured.no_wrap = True
    texts = [coloured, Text.assemble(("✓ ", "green"), "cat", (" 0.97", "bold")), Text("dim", "dim"), Text("")]
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
