"""The confusion matrix as a table on a heat map."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.drawing import STYLES, written
from tui_cifar.render.charts.matrix import DARK_STEPS, LIGHT_STEPS, Steps, cell_texts, matrix_lines, short_names

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BY_HAND = np.array([[90, 9, 1], [0, 50, 50], [0, 0, 0]])


def test_small_shares_are_never_rounded_to_zero() -> None:
    assert cell_texts(BY_HAND, 0) == [["90", "9", "1"], ["·", "50", "50"], ["·", "·", "·"]]
    assert cell_texts(BY_HAND, 1) == [["90", "9", "1"], ["·", "50", "50"], ["·", "·", "·"]]
    assert cell_texts(BY_HAND, 2) == [["100", "15", "2"], ["·", "85", "98"], ["·", "·", "·"]]
    assert cell_texts(np.array([[996, 4], [0, 1]]), 1)[0] == ["100", "<1"]


def test_heads_are_cut_or_numbered() -> None:
    assert short_names(CLASSES, 4) == ["airp", "auto", "bird", "cat", "deer", "dog", "frog", "hors", "ship", "truc"]
    assert short_names(("class_1", "class_2"), 4) == ["1", "2"]
    lines = written(matrix_lines(np.eye(2, dtype=int), ("class_1", "class_2"), [1, 0], (0, 0), 40, 20, 0, STYLES, None))
    assert lines[0].split()[:2] == ["2", "1"] and lines[1].startswith("2 class_2") and lines[2].startswith("1 class_1")


@pytest.mark.parametrize(("width", "height"), [(118, 33), (78, 18), (58, 10), (30, 5), (10, 1)])
def test_the_matrix_keeps_its_columns_apart(width: int, height: int) -> None:
    confusion = np.full((10, 10), 123) + np.diag([877] * 10)
    lines = written(matrix_lines(confusion, CLASSES, list(range(10)), (9, 9), width, height, 0, STYLES, None))
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


def test_heat_in_256_colours_grows_with_the_share() -> None:
    for ramp in DARK_STEPS:
        assert sorted(ramp, key=luminance) == list(ramp), "lighter and lighter on a dark ground"
    for ramp in LIGHT_STEPS:
        assert sorted(ramp, key=luminance, reverse=True) == list(ramp), "darker and darker on a light one"
    confusion = np.array([[960, 5, 15, 20], [50, 500, 150, 300], [0, 0, 1, 0], [0, 0, 0, 1]])
    steps = Steps(*DARK_STEPS, STYLES.text)
    lines = matrix_lines(confusion, ("a", "b", "c", "d"), [0, 1, 2, 3], (3, 3), 78, 20, 0, STYLES, steps)

    def ground(row: int, text: str) -> int | None:
        style = next(s.style for s in lines[row] if s.text.strip() == text)
        assert style is not None
        return style.bgcolor.number if style.bgcolor else None

    assert ground(1, "960") == 28 and ground(2, "500") == 22
    assert [ground(1, "5"), ground(1, "15"), ground(2, "50"), ground(2, "150")] == [None, 52, 88, 124]
