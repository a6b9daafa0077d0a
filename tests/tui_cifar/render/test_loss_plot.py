"""The loss plot as a pure function."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_cifar.render.charts.loss_plot import Colours, Options, draw_loss
from tui_cifar.render.charts.series import Point, decimate, smooth
from tui_cifar.render.charts.ticks import log_ticks, nice_ticks, tick_labels, whole_ticks

COLOURS = Colours("#0000ff", "#ff8800", "#333333", "#888888")
TRAIN: list[Point] = [(i / 60, 2.3 * math.exp(-i / 150) + 0.05 * math.sin(i)) for i in range(1, 400)]
VALID: list[Point] = [(float(e), 2.3 * math.exp(-e * 60 / 150) + 0.1) for e in range(1, 7)]


def draw(
    train: list[Point] = TRAIN, valid: list[Point] = VALID, width: int = 64, height: int = 16, **options: object
) -> list[str]:
    """The plot's characters."""
    best = min(valid, key=lambda p: p[1]) if valid else None
    return [t.plain for t in draw_loss(train, valid, best, width, height, COLOURS, Options(**options))]  # type: ignore[arg-type]


def test_curves_axes_star_and_legend() -> None:
    lines = draw()
    assert len(lines) == 16
    assert sum("★" in line for line in lines[:-1]) == 1
    assert "train" in lines[-1] and "validation" in lines[-1] and "★ best" in lines[-1] and "epoch 6" in lines[-1]
    assert [s for s in lines[-2].split() if s] == ["0", "1", "2", "3", "4", "5", "6", "7"]
    labels = [line.split("┤")[0].strip() for line in lines if "┤" in line]
    assert labels == ["2.0", "1.5", "1.0", "0.5"]


def test_each_curve_has_its_own_colour_and_no_cell_has_a_background() -> None:
    lines = draw_loss(TRAIN, VALID, VALID[-1], 64, 16, COLOURS)
    seen: dict[str, set[str]] = {}
    for line in lines[:-1]:
        for span in line.spans:
            assert "on" not in str(span.style).split()
            seen.setdefault(str(span.style), set()).update(line.plain[span.start : span.end])
    assert any(0x2800 < ord(c) < 0x2900 for c in seen["#0000ff"]) and "★" not in seen["#0000ff"]
    assert "★" in seen["#ff8800"]
    assert set("│┤└─┬") <= seen["#333333"]


@pytest.mark.parametrize(("ascii", "marks"), [(False, "─•"), (True, ".o")])
def test_without_colours_each_curve_has_its_own_mark(ascii: bool, marks: str) -> None:
    *plot, legend = draw(ascii=ascii, colourless=True)
    assert f"{marks[0] * 2} train" in legend and f"{marks[1] * 2} validation" in legend
    assert sum(line.count(marks[1]) for line in plot) > len(VALID)
    assert not any(marks[1] in line for line in draw(valid=[], ascii=ascii, colourless=True))


def test_the_first_batches_are_drawn_in_the_first_epoch() -> None:
    lines = draw([(0.1, 2.3), (0.2, 2.2)], [])
    assert lines[-2].split() == ["0", "1"]
    assert "validation" not in lines[-1]


def test_recent_shows_the_last_quarter() -> None:
    train = [(i / 10, 1 / (1 + i)) for i in range(1, 400)]
    ticks = draw(train, [], recent=True)[-2].split()
    assert 28 <= int(ticks[0]) <= 32 and ticks[-1] == "40"


def test_nothing_to_draw_is_no_lines() -> None:
    assert draw([], []) == []
    assert draw([(0.1, float("nan"))], [(1.0, float("inf"))]) == []
    assert draw([(0.1, -1.0)], [], log_scale=True) == []


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("log_scale", [False, True])
def test_any_size_and_no_line_too_wide(ascii: bool, log_scale: bool) -> None:
    for width, height in itertools.product((0, 1, 2, 15, 16, 17, 21, 40, 120, 200), (0, 1, 4, 5, 6, 9, 60, 200)):
        lines = draw(width=width, height=height, ascii=ascii, log_scale=log_scale)
        assert len(lines) == (height if width >= 16 and height >= 5 else 0)
        assert all(len(line) <= width for line in lines)


def test_a_plot_larger_than_the_terminal_at_import_is_not_cut() -> None:
    lines = draw(width=200, height=60)
    assert len(lines) == 60 and max(map(len, lines)) == 200


@pytest.mark.parametrize("options", [{}, {"log_scale": True}, {"smoothing": 0.9, "recent": True}])
def test_ascii_panels_are_ascii(options: dict[str, object]) -> None:
    lines = draw(ascii=True, **options)
    assert all(line.isascii() for line in lines)
    assert "*" in "".join(lines[:-2])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30), st.booleans())
def test_no_loss_breaks_it(losses: list[float], log_scale: bool) -> None:
    train = [(i / 10, y) for i, y in enumerate(losses)]
    draw(train, [(float(i + 1), y) for i, y in enumerate(losses[:3])], log_scale=log_scale)


@pytest.mark.parametrize("loss", [5e-324, 1.77e-297, 1e-30, 2e-30, 9e29, 1e30, 1e300])
@pytest.mark.parametrize("log_scale", [True, False])
def test_a_single_absurd_loss_breaks_nothing(loss: float, log_scale: bool) -> None:
    draw([(0.1, loss)], [], log_scale=log_scale)
    draw([(0.1, loss), (0.2, 1.0)], [], log_scale=log_scale)


def test_decimation_keeps_both_ends_of_every_column() -> None:
    rng = np.random.default_rng(0)
    points = np.column_stack((np.sort(rng.uniform(0, 10, 5000)), rng.normal(size=5000)))
    kept = decimate(points, 0, 10, 40)
    assert len(kept) <= 80
    assert np.all(np.diff(kept[:, 0]) >= 0)
    for column in range(40):
        inside = points[(points[:, 0] >= column / 4) & (points[:, 0] < (column + 1) / 4), 1]
        found = kept[(kept[:, 0] >= column / 4) & (kept[:, 0] < (column + 1) / 4), 1]
        assert (found.min(), found.max()) == (inside.min(), inside.max())


def test_few_points_are_left_alone() -> None:
    points = np.array([[0.0, 1.0], [1.0, 2.0]])
    assert decimate(points, 0, 1, 10) is points
    assert len(decimate(np.empty((0, 2)), 0, 1, 10)) == 0


def test_smoothing_starts_at_the_first_value_and_keeps_a_constant() -> None:
    points = np.array([[0.0, 4.0], [1.0, 0.0], [2.0, 0.0]])
    assert smooth(points, 0.0) is points
    assert smooth(points, 0.5)[:, 1] == pytest.approx([4.0, 4 / 3, 4 / 7])
    constant = np.array([[float(i), 3.0] for i in range(50)])
    assert smooth(constant, 0.95)[:, 1] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (0.4, 2.35, 6, ["0.5", "1.0", "1.5", "2.0"]),
        (0.0, 0.009, 5, ["0.000", "0.002", "0.004", "0.006", "0.008"]),
        (-0.5, 0.5, 4, ["-0.5", "0.0", "0.5"]),
        (1.0001, 1.0002, 4, ["1.00010", "1.00015", "1.00020"]),
        (-30.0, -10.0, 5, ["-30", "-25", "-20", "-15", "-10"]),
        (0.0, 3e6, 4, ["0", "1e6", "2e6", "3e6"]),
    ],
)
def test_linear_ticks(low: float, high: float, most: int, labels: list[str]) -> None:
    assert tick_labels(nice_ticks(low, high, most)) == labels


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (0.6, 2.5, 6, ["1.0", "1.5", "2.0", "2.5"]),
        (0.001, 1.0, 4, ["0.001", "0.01", "0.1", "1"]),
        (0.06, 1.9, 5, ["0.1", "0.2", "0.5", "1.0"]),
        (1e-8, 1e3, 5, ["1e-8", "1e-5", "0.01", "10"]),
    ],
)
def test_logarithmic_ticks(low: float, high: float, most: int, labels: list[str]) -> None:
    assert [s for s in tick_labels(log_ticks(math.log10(low), math.log10(high), most)) if s] == labels


def test_epoch_ticks_are_whole_and_few() -> None:
    assert whole_ticks(0, 1, 8) == [0, 1]
    assert whole_ticks(0, 20, 7) == [0, 5, 10, 15, 20]
    assert whole_ticks(13, 400, 4) == [100, 200, 300, 400]
    for end in range(1, 500, 7):
        assert len(whole_ticks(0, end, 8)) <= 9
