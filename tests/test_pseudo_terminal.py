"""The real command in a real pseudo-terminal, read by an emulator: frames, silence, sizes, a thin line, plain characters."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tui_cifar.bench.measure import command
from tui_cifar.bench.pseudo_terminal import Line, PseudoTerminal

pytestmark = pytest.mark.long
PATIENCE = 300.0


@pytest.fixture
def start(tmp_path: Path, picture_folder: Path) -> Iterator[Callable[..., PseudoTerminal]]:
    """Starts the dashboard on few pictures; ends it after the test."""
    opened: list[PseudoTerminal] = []

    def open_terminal(*arguments: str, **options: object) -> PseudoTerminal:
        base = [
            "--dataset",
            str(picture_folder),
            "--runs-dir",
            str(tmp_path / "runs"),
            "--threads",
            "1",
            "--epochs",
            "100000",
        ]
        opened.append(PseudoTerminal(command(*base, *arguments), **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_terminal
    for terminal in opened:
        terminal.close()


def pause(terminal: PseudoTerminal) -> None:
    """Pause, and let what was on its way arrive."""
    terminal.until(r"TRAINING|VALIDATING", PATIENCE)
    terminal.send("space")
    terminal.until("PAUSED", PATIENCE)
    settle(terminal)


def settle(terminal: PseudoTerminal) -> None:
    """Wait until nothing more comes."""
    size = -1
    while size != terminal.bytes:
        size = terminal.bytes
        time.sleep(2)


def test_a_paused_run_sends_nothing(start: Callable[..., PseudoTerminal]) -> None:
    terminal = start()
    pause(terminal)
    before = terminal.bytes
    time.sleep(3)
    assert terminal.bytes == before


def test_storms_of_sizes_end_in_a_whole_screen(start: Callable[..., PseudoTerminal]) -> None:
    terminal = start()
    pause(terminal)
    for size in [(80, 24), (20, 5), (200, 60), (1, 1), (60, 15), (59, 14)] * 3:
        terminal.resize(size)
        time.sleep(0.02)
    terminal.until("too small", PATIENCE)
    terminal.resize((60, 15))
    terminal.until(r"PAUSED[\s\S]*Loss", PATIENCE)
    terminal.resize((120, 40))
    terminal.until(r"PAUSED[\s\S]*Checkpoints[\s\S]*space Resume", PATIENCE)
    settle(terminal)
    before = terminal.text()
    terminal.send("ctrl+l")
    settle(terminal)
    assert terminal.text() == before, "drawing it all anew changes nothing"


def test_a_key_on_a_thin_line_brings_no_old_frames(start: Callable[..., PseudoTerminal]) -> None:
    terminal = start(line=Line(256_000, 0.15))
    terminal.until(r"TRAINING|VALIDATING", PATIENCE)
    for wanted in ("log", "linear", "log"):
        before = terminal.bytes
        terminal.send("l")
        terminal.until(f"{wanted} · smooth", PATIENCE)
        assert terminal.bytes - before < 32_000, "less than the line carries in a second"


def test_ascii_reaches_every_corner(start: Callable[..., PseudoTerminal]) -> None:
    terminal = start("--ascii")
    terminal.until(r"TRAINING|VALIDATING", PATIENCE)
    for key, wanted in (
        ("ctrl+p", "Search for"),
        ("escape", "q Quit"),
        ("?", "Keys"),
        ("escape", "q Quit"),
        ("q", "Leave"),
    ):
        terminal.send(key)
        terminal.until(wanted, PATIENCE)
    assert b"".join(data for _, data in terminal.chunks).isascii()


def test_no_color_sends_no_colour_and_the_mouse_can_be_left_alone(start: Callable[..., PseudoTerminal]) -> None:
    terminal = start("--no-mouse", env={"NO_COLOR": "1"})
    pause(terminal)
    sent = b"".join(data for _, data in terminal.chunks)
    assert not any(code in sent for code in (b"38;2;", b"48;2;", b"38;5;", b"48;5;", b"?1000h"))
    assert b"\x1b]2;" in sent, "the title says what goes on"
