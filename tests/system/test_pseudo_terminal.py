"""The real command in a pseudo-terminal, read by an emulator: frames, silence, resizing, a slow connection, ASCII, colours."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.config.sources import make_config
from engine.events.codec import to_json
from engine.events.types import EpochStarted
from tests.support.scripted import started
from tui_cifar.bench.support.processes import command
from tui_cifar.bench.support.pseudo_terminal import Line, PseudoTerminal
from tui_cifar.terminal.notifications import RESTORE_TITLE

PATIENCE = 300.0


@pytest.fixture
def start(tmp_path: Path, image_folder: Path) -> Iterator[Callable[..., PseudoTerminal]]:
    """Starts the dashboard on few images; ends it after the test."""
    opened: list[PseudoTerminal] = []

    def open_terminal(
        *arguments: str, line: Line | None = None, env: dict[str, str | None] | None = None
    ) -> PseudoTerminal:
        base = [
            "--dataset",
            str(image_folder),
            "--runs-dir",
            str(tmp_path / "runs"),
            "--threads",
            "1",
            "--epochs",
            "100000",
        ]
        opened.append(PseudoTerminal(line=line).run(command(*base, *arguments), env=env))
        return opened[-1]

    yield open_terminal
    for terminal in opened:
        terminal.close()


def test_browsing_starts_at_once_and_then_sends_nothing(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "night-run"
    (run / "checkpoints").mkdir(parents=True)
    events = (started(make_config(), directory=str(run)), EpochStarted(epoch=1, learning_rate=0.01))
    (run / "events.jsonl").write_text("".join(to_json(e) + "\n" for e in events), encoding="utf-8")
    arguments = ("browse", "night-run", "--runs-dir", str(run.parent), "--ascii", "--no-mouse")
    with PseudoTerminal((80, 24)).run(command(*arguments), env={"NO_COLOR": "1"}) as terminal:
        terminal.until(r"STOPPED[\s\S]*q Quit", PATIENCE)
        for key, wanted in (("2", "Predictions"), ("6", "night-run"), ("1", "Checkpoints")):
            terminal.send(key)
            terminal.until(wanted, PATIENCE)
        settle(terminal)
        before = terminal.bytes
        time.sleep(2)
        assert terminal.bytes == before, "nothing is sent while nothing happens"
        sent = terminal.sent
        assert sent.isascii()
        assert not any(code in sent for code in (b"38;2;", b"48;2;", b"38;5;", b"48;5;", b"?1000h"))
        assert b"\x1b]2;night-run stopped" in sent, "the title shows the state"
        terminal.send("q")
        assert terminal.wait(PATIENCE) == 0
        assert terminal.sent.rstrip().endswith(RESTORE_TITLE.encode())


def pause(terminal: PseudoTerminal) -> None:
    """Pause, and wait until the screen settles."""
    terminal.until(r"TRAINING|VALIDATING", PATIENCE)
    terminal.send("space")
    terminal.until("PAUSED", PATIENCE)
    settle(terminal)


def settle(terminal: PseudoTerminal) -> None:
    """Wait until nothing more arrives."""
    size = -1
    while size != terminal.bytes:
        size = terminal.bytes
        time.sleep(2)


@pytest.mark.long
def test_a_paused_run_sends_nothing(start: Callable[..., PseudoTerminal]) -> None:
    terminal = start()
    pause(terminal)
    before = terminal.bytes
    time.sleep(3)
    assert terminal.bytes == before


@pytest.mark.long
def test_many_resizes_end_in_a_complete_screen(start: Callable[..., PseudoTerminal]) -> None:
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
    assert terminal.text() == before, "redrawing changes nothing"


@pytest.mark.long
def test_a_key_over_a_slow_connection_is_not_preceded_by_old_frames(start: Callable[..., PseudoTerminal]) -> None:
    terminal = start(line=Line(256_000, 0.15))
    terminal.until(r"TRAINING|VALIDATING", PATIENCE)
    for wanted in ("log", "linear", "log"):
        before = terminal.bytes
        terminal.send("l")
        terminal.until(f"{wanted} · m smooth", PATIENCE)
        assert terminal.bytes - before < 32_000, "less than the line carries in a second"


@pytest.mark.long
def test_ascii_applies_to_every_screen(start: Callable[..., PseudoTerminal]) -> None:
    terminal = start("--ascii")
    terminal.until(r"TRAINING|VALIDATING", PATIENCE)
    for key, wanted in (
        ("ctrl+p", "Search for"),
        ("escape", r"\A(?![\s\S]*Search for)"),  # closed: a key sent sooner would be read as alt and that key
        ("?", "esc: close"),
        ("escape", r"\A(?![\s\S]*esc: close)"),
        ("q", r"Quit\?"),
    ):
        terminal.send(key)
        terminal.until(wanted, PATIENCE)
    assert terminal.sent.isascii()


@pytest.mark.long
def test_no_color_and_no_mouse_are_respected(start: Callable[..., PseudoTerminal]) -> None:
    terminal = start("--no-mouse", env={"NO_COLOR": "1"})
    pause(terminal)
    sent = terminal.sent
    assert not any(code in sent for code in (b"38;2;", b"48;2;", b"38;5;", b"48;5;", b"?1000h"))
    assert b"\x1b]2;" in sent, "the title shows the state"


RGB, INDEXED, SIXTEEN = b"38;2;", b"38;5;", rb"\x1b\[(?:[\d;]*;)?(?:3[0-7]|9[0-7])m"
UTF8 = {"LC_ALL": None, "LC_CTYPE": None, "LANG": "C.UTF-8", "TMUX": None, "STY": None}


@pytest.mark.long
@pytest.mark.parametrize(
    ("env", "depth", "plain"),
    [
        ({"TERM": "xterm-256color"}, RGB, False),
        ({"TERM": "xterm-256color", "COLORTERM": None}, INDEXED, False),
        ({"TERM": "screen-256color", "COLORTERM": None}, INDEXED, False),
        ({"TERM": "tmux-256color", "COLORTERM": None}, INDEXED, False),
        ({"TERM": "screen", "COLORTERM": None}, SIXTEEN, False),
        ({"TERM": "xterm", "COLORTERM": None}, SIXTEEN, False),
        ({"TERM": "linux", "COLORTERM": None}, SIXTEEN, False),
        ({"TERM": "xterm-kitty", "COLORTERM": None}, RGB, False),
        ({"TERM": "vt100", "COLORTERM": None}, b"", False),
        ({"NO_COLOR": "1"}, b"", False),
        ({"LANG": "C"}, RGB, True),
        ({"LANG": None}, RGB, False),
        ({"LANG": None, "TMUX": "/tmp/tmux,1,0"}, RGB, True),
        ({"COLUMNS": "80", "LINES": "24"}, RGB, False),
    ],
)
def test_every_terminal_gets_the_colours_and_characters_that_it_supports(
    start: Callable[..., PseudoTerminal], env: dict[str, str | None], depth: bytes, plain: bool
) -> None:
    terminal = start(env={**UTF8, **env})
    pause(terminal)
    terminal.until("Checkpoints", PATIENCE)
    assert len(terminal.text().splitlines()[3]) == 120, "as wide as the terminal, whatever COLUMNS says"
    sent = terminal.sent
    found = {which: bool(re.search(which, sent)) for which in (RGB, INDEXED)}
    assert found == {which: which == depth for which in found}
    if depth != RGB:
        assert bool(re.search(SIXTEEN, sent)) == (depth != b"")
    assert sent.isascii() == plain
    assert (b"\x1b]2;" in sent) == (env.get("TERM") != "linux"), "a title, but not on the Linux console"
