"""When frames are sent: at most so often, except for the answer to a key, and never to a terminal that is still busy."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import AsyncMock, MagicMock

import pytest
from rich.segment import Segment
from textual import events
from textual.app import App
from textual.strip import Strip

from tui_cifar.terminal import diff_app
from tui_cifar.terminal.diff_app import DiffApp
from tui_cifar.terminal.textual_private import full_update


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Output(DiffApp):
    """An app on a terminal that does not exist: what it would have sent, and the timers that it set."""

    has_terminal = True  # type: ignore[assignment]
    terminal_is_ready = True  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[str] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.frame = 0

    def write_frame(self, text: str) -> None:
        self.frames.append(text)

    def set_timer(self, delay: float, callback: Callable[[], None], **_: object) -> None:  # type: ignore[override]
        self.timers.append((delay, callback))

    def draw(self) -> None:
        """Have the next frame drawn, which shows another number than the last."""
        self.frame += 1
        self.show_update(MagicMock(), full_update([Strip([Segment(f"frame {self.frame}")])]))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(diff_app, "time", clock)
    return clock


@pytest.fixture
def app(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Output:
    monkeypatch.setattr(App, "on_event", AsyncMock())
    return Output()


def test_frames_wait_for_their_time_unless_there_is_no_limit(app: Output) -> None:
    for _ in range(2):
        app.draw()
    assert len(app.frames) == 2 and not app.timers, "no limit until the first screen is complete"
    app.frame_seconds = 1000.0
    for _ in range(2):
        app.draw()
    assert len(app.frames) == 2
    ((wait, _),) = app.timers
    assert 900 < wait <= 1000


def test_what_is_drawn_while_a_frame_waits_is_sent_as_one(app: Output, clock: Clock) -> None:
    app.frame_seconds = 1.0
    for _ in range(3):
        app.draw()
    assert len(app.frames) == 1
    ((wait, retry),) = app.timers
    clock.now += wait
    retry()
    assert len(app.frames) == 2 and "3" in app.frames[-1]


def test_a_busy_terminal_gets_nothing_until_it_is_ready(app: Output, clock: Clock) -> None:
    app.terminal_is_ready = False  # type: ignore[assignment]
    for _ in range(3):
        app.draw()
    assert not app.frames
    ((wait, retry),) = app.timers
    assert wait == diff_app.RETRY_SECONDS
    retry()
    assert not app.frames and len(app.timers) == 2
    app.terminal_is_ready = True  # type: ignore[assignment]
    app.timers[-1][1]()
    assert len(app.frames) == 1 and "frame 3" in app.frames[0]


def test_a_frame_that_changes_nothing_is_not_sent(app: Output) -> None:
    app.draw()
    app.frame -= 1
    app.draw()
    assert len(app.frames) == 1


def test_redrawing_sends_everything_again(app: Output) -> None:
    app.draw()
    app.on_resize(events.Resize(app.size, app.size))
    app.frame -= 1
    app.draw()
    assert len(app.frames) == 2 and all("frame 1" in frame for frame in app.frames)


def test_nothing_is_sent_once_the_terminal_is_gone(app: Output, clock: Clock) -> None:
    app.frame_seconds = 1.0
    app.draw()
    app.draw()
    app.has_terminal = False  # type: ignore[assignment]
    clock.now += 2
    app.timers[-1][1]()
    assert len(app.frames) == 1


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
    app: Output, clock: Clock, presses: list[float], event: events.Event, held_back: bool
) -> None:
    app.frame_seconds = 1 / 15
    for press in presses:
        clock.now = 1000.0 + press
        await app.on_event(event)
        app.frames.clear()
    clock.now -= 0.001
    app.frame_seconds = 0.0
    app.draw()  # a frame has just been sent
    app.frame_seconds = 1 / 15
    clock.now += 0.001
    app.frames.clear()
    app.draw()
    assert bool(app.frames) != held_back and bool(app.timers) == held_back


@pytest.mark.parametrize(("terminal", "sent"), [("xterm-256color", True), ("linux", False)])
def test_the_linux_console_is_sent_no_titles(monkeypatch: pytest.MonkeyPatch, terminal: str, sent: bool) -> None:
    write = MagicMock()
    monkeypatch.setattr(diff_app.DrawingApp, "write_sequence", write)
    monkeypatch.setenv("TERM", terminal)
    Output().write_sequence("\x1b]2;title\x07")
    assert write.called == sent
