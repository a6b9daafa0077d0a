"""The painter: what the terminal shows after its changes is what the compositor drew, for fewer bytes."""

from __future__ import annotations

import math
from unittest.mock import AsyncMock, MagicMock

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui_cifar.terminal import diff_app as thin_app
from tui_cifar.terminal.diff_app import DiffApp
from tui_cifar.terminal.painter import Painter

WIDTH, HEIGHT = 20, 3
STYLES = [
    Style(),
    Style.parse("bold red"),
    Style.parse("#112233 on #445566"),
    Style.parse("on blue"),
    Style.parse("reverse"),
]
lines = st.lists(st.tuples(st.text(alphabet="ab 日é─", max_size=8), st.sampled_from(STYLES)), max_size=4)


def frame(rows: list[list[tuple[str, Style]]]) -> LayoutUpdate:
    strips = [Strip([Segment(text, style) for text, style in row]).adjust_cell_length(WIDTH, Style()) for row in rows]
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, HEIGHT))


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
def test_changes_show_what_drawing_anew_would(frames: list[list[list[tuple[str, Style]]]]) -> None:
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


def test_the_same_again_costs_nothing_and_a_digit_costs_little() -> None:
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


def test_forgetting_draws_all_again() -> None:
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
def test_colours_are_those_that_the_terminal_has(depth: ColorSystem | None, wanted: str) -> None:
    painter = Painter()
    painter.resize(WIDTH, HEIGHT)
    painter.take(frame([[("x", STYLES[2])], [], []]), depth)
    look = painter.rows[0][0][1]
    assert wanted in look[1] and bool(look[1]) == (depth is not None)


def test_plain_characters_take_the_same_cells() -> None:
    painter = Painter(ascii=True)
    painter.resize(WIDTH, HEIGHT)
    painter.take(frame([[("╭─日°é▀⣿", Style())], [], []]), None)
    text = "".join(c for c, _ in painter.rows[0])
    assert text.isascii() and len(text) == WIDTH and text.startswith("+-")


def test_frames_wait_for_their_time_and_the_first_ones_do_not() -> None:
    app = MagicMock(_closed=False, _retrying=False, _sent_at=-math.inf, _answers_until=-math.inf, frame_seconds=0.0)
    app.painter.changes.return_value = "a frame"
    app.screen.outer_size.clamp_offset.return_value = (0, 0)
    for _ in range(2):
        DiffApp._send(app)
    assert app._driver.write.call_count == 2 and not app.set_timer.called
    app.frame_seconds = 1000.0
    for _ in range(2):
        DiffApp._send(app)
    assert app._driver.write.call_count == 2
    (wait, _), _ = app.set_timer.call_args
    assert app.set_timer.call_count == 1 and 900 < wait <= 1000


@pytest.mark.parametrize(
    ("presses", "event", "held_back"),
    [
        ([0.0], events.Key("l", "l"), False),
        ([0.0, 0.5, 1.0], events.Key("l", "l"), False),
        ([0.03 * n for n in range(20)], events.Key("l", "l"), True),
        ([0.0], events.Blur(), True),
    ],
    ids=["a key", "keys now and then", "a key held down", "no key"],
)
async def test_a_key_is_answered_at_once_and_one_held_down_is_not(
    monkeypatch: pytest.MonkeyPatch, presses: list[float], event: events.Event, held_back: bool
) -> None:
    app, writer, at = DiffApp(), MagicMock(), 1000.0
    app.frame_seconds = 1 / 15
    monkeypatch.setattr(thin_app, "time", MagicMock(monotonic=lambda: at))
    monkeypatch.setattr(thin_app.App, "on_event", AsyncMock())
    monkeypatch.setattr(app, "set_timer", MagicMock())
    for press in presses:
        at = 1000.0 + press
        await app.on_event(event)
    frame = MagicMock(_closed=False, _retrying=False, _driver=writer, _sent_at=at - 0.001, frame_seconds=1 / 15)
    frame._answers_until = app._answers_until
    frame.painter.changes.return_value = "a frame"
    frame.screen.outer_size.clamp_offset.return_value = (0, 0)
    DiffApp._send(frame)
    assert writer.write.called != held_back and frame.set_timer.called == held_back
