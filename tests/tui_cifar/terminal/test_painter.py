"""The painter: what the terminal shows after its changes is what the compositor drew, for fewer bytes."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_cifar.terminal.painter import Painter
from tui_cifar.terminal.textual_private import Update, full_update

WIDTH, HEIGHT = 20, 3
STYLES = [
    Style(),
    Style.parse("bold red"),
    Style.parse("#112233 on #445566"),
    Style.parse("on blue"),
    Style.parse("reverse"),
]
lines = st.lists(st.tuples(st.text(alphabet="ab 日é─", max_size=8), st.sampled_from(STYLES)), max_size=4)


def frame(rows: list[list[tuple[str, Style]]]) -> Update:
    strips = [Strip([Segment(text, style) for text, style in row]).adjust_cell_length(WIDTH, Style()) for row in rows]
    return full_update(strips)


def emulator() -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(WIDTH, HEIGHT)
    screen.reset_mode(7, private=True)  # no wrapping, as Textual asks for
    return screen, pyte.Stream(screen)


def shown(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    return [
        [
            (c.data, c.bg, c.reverse, *((c.fg, c.bold) if c.data.strip() else ()))
            for c in (screen.buffer[y][x] for x in range(WIDTH))
        ]
        for y in range(HEIGHT)
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(lines, min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=4))
def test_changes_lead_to_the_same_screen_as_drawing_everything(frames: list[list[list[tuple[str, Style]]]]) -> None:
    painter, (screen, stream) = Painter(), emulator()
    painter.resize(WIDTH, HEIGHT)
    for rows in frames:
        painter.take(frame(rows), ColorSystem.TRUECOLOR)
        stream.feed(painter.changes())
        fresh, (other, other_stream) = Painter(), emulator()
        fresh.resize(WIDTH, HEIGHT)
        fresh.take(frame(rows), ColorSystem.TRUECOLOR)
        other_stream.feed(fresh.changes())
        assert shown(screen) == shown(other)


def test_an_unchanged_frame_costs_nothing_and_a_digit_little() -> None:
    painter = Painter()
    painter.resize(WIDTH, HEIGHT)
    rows = [[("epoch 1 of 20", STYLES[2])], [], []]
    painter.take(frame(rows), ColorSystem.TRUECOLOR)
    assert "epoch 1 of 20" in painter.changes()
    painter.take(frame(rows), ColorSystem.TRUECOLOR)
    assert painter.changes() == ""
    painter.take(frame([[("epoch 2 of 20", STYLES[2])], [], []]), ColorSystem.TRUECOLOR)
    changes = painter.changes()
    assert "2" in changes and "epoch" not in changes and len(changes) < 60


def test_everything_is_drawn_again_after_forgetting() -> None:
    painter = Painter()
    painter.resize(WIDTH, HEIGHT)
    painter.take(frame([[("abc", STYLES[1])], [], []]), ColorSystem.TRUECOLOR)
    painter.changes()
    painter.forget()
    assert "abc" in painter.changes()


@pytest.mark.parametrize(
    ("depth", "wanted"),
    [
        (ColorSystem.TRUECOLOR, "38;2;17;34;51"),
        (ColorSystem.EIGHT_BIT, "38;5;"),
        (ColorSystem.STANDARD, "30"),
        (None, ""),
    ],
)
def test_colours_are_reduced_to_what_the_terminal_has(depth: ColorSystem | None, wanted: str) -> None:
    painter = Painter()
    painter.resize(WIDTH, HEIGHT)
    painter.take(frame([[("x", STYLES[2])], [], []]), depth)
    look = painter.rows[0][0][1]
    assert wanted in look[1] and bool(look[1]) == (depth is not None)


def test_ascii_characters_take_as_many_cells_as_those_they_replace() -> None:
    painter = Painter(ascii=True)
    painter.resize(WIDTH, HEIGHT)
    painter.take(frame([[("╭─日°é▀⣿", Style())], [], []]), None)
    text = "".join(c for c, _ in painter.rows[0])
    assert text.isascii() and len(text) == WIDTH and text.startswith("+-")
