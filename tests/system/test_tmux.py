"""The dashboard in tmux as a user sees it: sizes, locales, keys, resizing, detaching, signals."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tui_cifar.bench.support.pseudo_terminal import PseudoTerminal

pytestmark = pytest.mark.long

if shutil.which("tmux") is None:
    pytest.skip("needs tmux", allow_module_level=True)

Start = Callable[..., "Terminal"]


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(self, socket: Path, command: str, size: tuple[int, int], locale: str) -> None:
        self._tmux = ["tmux", "-L", socket.name, *(["-u"] if "UTF-8" in locale else [])]
        self._env = {**os.environ, "LC_ALL": locale, "TERM": "xterm-256color", "TMUX_TMPDIR": str(socket.parent)}
        columns, rows = map(str, size)
        # The shell stays after the program, so that what the program left on the screen can be read.
        self.tmux(
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            columns,
            "-y",
            rows,
            f"{command}; echo CODE $?; exec sleep 100",
        )

    def tmux(self, *arguments: str) -> str:
        return subprocess.run(
            [*self._tmux, *arguments], env=self._env, check=True, capture_output=True, text=True
        ).stdout

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def until(self, pattern: str, seconds: float = 60) -> str:
        """The screen once it shows the pattern."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.screen()
            if re.search(pattern, text):
                return text
            time.sleep(0.1)
        raise AssertionError(f"never seen: {pattern}\n{self.screen()}")

    def end(self) -> None:
        """End the program and its server."""
        subprocess.run([*self._tmux, "kill-server"], env=self._env, capture_output=True)

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def attach(self, columns: int, rows: int) -> PseudoTerminal:
        """A client of the session in a terminal of its own."""
        return PseudoTerminal((columns, rows)).run([*self._tmux, "attach"], env=self._env)


def until(true: Callable[[], bool], screen: Callable[[], str], seconds: float = 60) -> None:
    """Wait until a condition holds; fail with the screen."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, screen()
        time.sleep(0.1)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `cifar-tui` with arguments; ends it after the test."""
    opened: list[Terminal] = []

    def open_terminal(*arguments: str, size: tuple[int, int] = (120, 40), locale: str = "C.UTF-8") -> Terminal:
        command = f"cd {tmp_path} && {sys.executable} -m tui_cifar {' '.join(arguments)}"
        opened.append(Terminal(tmp_path / f"tmux{len(opened)}", command, size, locale))
        return opened[-1]

    yield open_terminal
    for terminal in opened:
        terminal.end()


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_the_demo_from_start_to_end(start: Start, size: tuple[int, int], locale: str) -> None:
    t = start("--demo", "--epochs", "3", "--name", "look", size=size, locale=locale)
    t.until("PREPARING", 10)
    t.until("epoch 2/3")
    t.keys("space")
    t.until("PAUSED")
    t.until("space Resume", 10)
    progress = [re.findall(r"epoch .*? %", t.screen())[0] for _ in range(2) if not time.sleep(1)]
    assert progress[0] == progress[1], "a paused run makes no progress"
    t.keys("space")
    t.until("TRAINING|VALIDATING")
    done = t.until("DONE", 180)
    assert "test accuracy" in done
    assert locale != "C" or done.isascii(), "a locale without UTF-8 gets plain characters"
    assert all(len(line) <= size[0] for line in done.splitlines())
    for key, wanted in zip(
        "1234561",
        ("train", "by number", "recall", "validation", "conv1", "Run look", "train"),
        strict=True,
    ):
        t.keys(key)
        t.until(wanted, 10)
    t.keys("q")
    left = t.until("CODE 0", 20)
    assert "best epoch" in left and "runs/look/checkpoints/best.pt" in left


def test_resizing_while_training(start: Start) -> None:
    t = start("--demo", "--epochs", "50", "--name", "look")
    t.until("epoch 1/50 .* [1-9]")
    for columns, rows in ((80, 24), (20, 5), (1, 1), (200, 60), (60, 15), (110, 32), (109, 32), (120, 40)):
        t.tmux("resize-window", "-x", str(columns), "-y", str(rows))
        time.sleep(0.3)
    t.until("Validation accuracy|Accuracy by class")
    t.keys("q")
    t.until("Stop and save", 10)
    t.keys("s")
    assert "--resume look" in t.until("CODE 0", 20)


@pytest.mark.parametrize("size", [(80, 24), (132, 43)])
def test_detaching_and_attaching_with_another_size(start: Start, size: tuple[int, int]) -> None:
    t = start("--demo", "--epochs", "50", "--name", "look")
    first = t.attach(120, 40)
    try:
        until(lambda: "epoch 1/50" in first.text(), first.text)
        t.tmux("detach-client")
        until(lambda: "[detached" in first.text(), first.text)
    finally:
        first.close()
    t.until("epoch 2/50")  # it trains on while detached
    second = t.attach(*size)
    try:

        def whole() -> bool:
            lines = [line.rstrip() for line in second.text().splitlines()]
            return "look" in lines[0] and "Dashboard" in lines[2] and "q Quit" in lines[-2] and "Loss" in second.text()

        until(whole, second.text)
        inner = t.screen().splitlines()
        assert all(len(line) <= size[0] for line in inner) and len(inner) <= size[1] - 1  # tmux keeps a line for itself
        second.send("q")
        until(lambda: "Stop and save" in second.text(), second.text)
        second.send("s")
        t.until("CODE 0", 20)
    finally:
        second.close()


def test_a_run_stopped_by_a_signal_is_resumed_in_the_dashboard(start: Start, tmp_path: Path) -> None:
    t = start("--demo", "--epochs", "4", "--name", "look")
    t.until("epoch 2/4 .* [2-9][0-9] %")
    pid = (tmp_path / "runs" / "look" / "lock").read_text()
    os.kill(int(pid), 15)
    left = t.until("CODE 143", 20)
    assert "cifar-tui --resume look" in left
    t.end()
    t = start("--resume")
    assert "look" in t.until("epoch [2-4]/4")
    t.until("DONE")
    table = t.until("valid %")
    assert "★ " in table
    t.keys("q")
    t.until("CODE 0", 20)


def test_ctrl_c_twice_leaves_at_once(start: Start) -> None:
    t = start("--demo", "--epochs", "50", "--name", "look")
    t.until("epoch 1/50 .* [1-9]")
    t.keys("C-c")
    t.until("Stop and save", 10)
    t.keys("C-c")
    t.until("CODE 130", 10)
