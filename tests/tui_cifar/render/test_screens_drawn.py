"""What the browsing screens draw, as pure functions: the matrix, the channels, the layer table."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from rich.style import Style

from engine.events.types import LayerDescribed
from tui_cifar.render.charts.matrix import DARK_STEPS, LIGHT_STEPS, Steps, cell_texts, matrix_lines, short_names
from tui_cifar.render.images.detail import Look, channel_layout, channels_view
from tui_cifar.render.images.mosaic import Line, centred, width_of
from tui_cifar.render.text.ink import Inks
from tui_cifar.render.text.tables import duplicate_lines, layer_lines

INKS = Inks(**{f.name: Style(color=f"color({i + 1})") for i, f in enumerate(dataclasses.fields(Inks))})
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BY_HAND = np.array([[90, 9, 1], [0, 50, 50], [0, 0, 0]])


def written(lines: list[Line]) -> list[str]:
    """The characters alone."""
    return ["".join(s.text for s in line) for line in lines]


def test_shares_never_round_a_few_to_none() -> None:
    assert cell_texts(BY_HAND, 0) == [["90", "9", "1"], ["·", "50", "50"], ["·", "·", "·"]]
    assert cell_texts(BY_HAND, 1) == [["90", "9", "1"], ["·", "50", "50"], ["·", "·", "·"]]
    assert cell_texts(BY_HAND, 2) == [["100", "15", "2"], ["·", "85", "98"], ["·", "·", "·"]]
    assert cell_texts(np.array([[996, 4], [0, 1]]), 1)[0] == ["100", "<1"]


def test_heads_are_cut_or_numbered() -> None:
    assert short_names(CLASSES, 4) == ["airp", "auto", "bird", "cat", "deer", "dog", "frog", "hors", "ship", "truc"]
    assert short_names(("class_1", "class_2"), 4) == ["1", "2"]
    lines = written(matrix_lines(np.eye(2, dtype=int), ("class_1", "class_2"), [1, 0], (0, 0), 40, 20, 0, INKS, None))
    assert lines[0].split()[:2] == ["2", "1"] and lines[1].startswith("2 class_2") and lines[2].startswith("1 class_1")


@pytest.mark.parametrize(("width", "height"), [(118, 33), (78, 18), (58, 10), (30, 5), (10, 1)])
def test_the_matrix_keeps_its_columns_apart(width: int, height: int) -> None:
    confusion = np.full((10, 10), 123) + np.diag([877] * 10)
    lines = written(matrix_lines(confusion, CLASSES, list(range(10)), (9, 9), width, height, 0, INKS, None))
    columns = len(lines[0].split()) - 2
    for line in (line for line in lines if line.startswith(CLASSES)):
        assert set(line.split()[1 : 1 + columns]) <= {"123", "1000"} and len(line.split()) == 1 + columns + 2, line
    foot = next(line for line in lines if line.startswith("precision"))
    assert all(0 <= float(number) <= 100 for number in foot.replace("of all", "").split()[1:]), foot
    if width >= 78:
        assert all(len(line) <= width for line in lines) and len(foot.split()) == 1 + 10 + 1 + 2


def luminance(number: int) -> float:
    from rich.color import Color

    red, green, blue = Color.from_ansi(number).get_truecolor()
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_heat_in_256_colours_goes_one_way_with_the_share() -> None:
    for ramp in DARK_STEPS:
        assert sorted(ramp, key=luminance) == list(ramp), "lighter and lighter on a dark ground"
    for ramp in LIGHT_STEPS:
        assert sorted(ramp, key=luminance, reverse=True) == list(ramp), "darker and darker on a light one"
    confusion = np.array([[960, 5, 15, 20], [50, 500, 150, 300], [0, 0, 1, 0], [0, 0, 0, 1]])
    steps = Steps(*DARK_STEPS, INKS.text)
    lines = matrix_lines(confusion, ("a", "b", "c", "d"), [0, 1, 2, 3], (3, 3), 78, 20, 0, INKS, steps)

    def ground(row: int, text: str) -> int | None:
        style = next(s.style for s in lines[row] if s.text.strip() == text)
        assert style is not None
        return style.bgcolor.number if style.bgcolor else None

    assert ground(1, "960") == 28 and ground(2, "500") == 22
    assert [ground(1, "5"), ground(1, "15"), ground(2, "50"), ground(2, "150")] == [None, 52, 88, 124]


@pytest.mark.parametrize(("width", "height"), [(198, 56), (118, 34), (78, 18), (58, 11), (20, 4)])
@pytest.mark.parametrize("row", [0, 17, 31])
def test_the_pixel_under_the_cursor_is_always_in_sight(width: int, height: int, row: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    look = Look("truecolor", INKS, False, False)
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


def test_the_layer_table_gives_up_words_before_numbers() -> None:
    layers = [
        LayerDescribed(name="conv1", kind="Conv2d 3×3", output=(16, 32, 32), parameters=448, multiply_adds=442_368)
    ]
    for width in (118, 78, 52):
        head, line = layer_lines(layers, width, 0, 5, INKS)
        assert "442,368" in written([line])[0] and "multiply-adds" in written([head])[0]
        assert width_of(line) == width_of(head) <= width
    assert "Conv2d" in written([layer_lines(layers, 78, 0, 5, INKS)[1]])[0]


def test_weights_about_grey() -> None:
    assert centred(np.array([-2.0, 0.0, 1.0])).tolist() == [0, 128, 191]
    assert centred(np.zeros((2, 2))).tolist() == [[128, 128], [128, 128]]
    assert centred(np.zeros((0, 3))).shape == (0, 3)


def test_duplicates_that_matter_come_first() -> None:
    pairs = (
        "train/cat/a.jpg = train/cat/b.jpg",
        "train/cat/a.jpg = train/dog/c.jpg",
        "train 4 (cat) = test 1,007 (cat)",
        "train/cat/a.jpg = test/dog/d.jpg",
    )
    assert [line.rstrip() for line in written(duplicate_lines(pairs, 78, INKS))] == [
        "  train/cat/a.jpg = test/dog/d.jpg    in training and test, two classes",
        "  train 4 (cat)   = test 1,007 (cat)  in training and test",
        "  train/cat/a.jpg = train/dog/c.jpg   two classes",
        "  train/cat/a.jpg = train/cat/b.jpg",
    ]
    narrow = written(duplicate_lines(("train/cat/0001.jpg = test/cat/0002.jpg",), 50, INKS))
    assert narrow == ["  …t/0001.jpg = …at/0002.jpg  in training and test"]
    assert duplicate_lines((), 78, INKS) == []
