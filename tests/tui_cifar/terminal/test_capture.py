"""What libraries print: captured from file descriptors 1 and 2, made printable, bounded."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui_cifar.terminal.capture import MAX_BYTES, Capture, TerminalFile, printable


def test_what_is_printed_past_python_is_in_lines_and_in_the_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Capture() as capture:
        os.write(1, b"one\ntw")
        os.write(2, b"o\n")
        assert capture.lines() == ["one", "two"]
        assert capture.lines() == []
        capture.move(tmp_path / "log.txt")
        subprocess.run(["sh", "-c", "echo three; echo four >&2"], check=True)
        capture.write("five")
        assert capture.lines() == ["three", "four", "five"]
        capture.write("six")
        assert capture.lines() == [], "the program's own lines are on the screen already"
        capture.terminal.write("screen")
    print("after", flush=True)
    assert (tmp_path / "log.txt").read_text().split() == ["one", "two", "three", "four", "five", "six"]
    assert capfd.readouterr().out == "screenafter\n"
    assert sys.__stderr__ is not capture.terminal


def test_a_flood_is_bounded(tmp_path: Path) -> None:
    with Capture() as capture:
        capture.move(tmp_path / "log.txt")
        for _ in range(12):
            os.write(1, b"x" * 99 + b"\n" + b"y" * (2**20 - 101) + b"\n")
            assert sum(map(len, capture.lines())) <= 200_000
        assert (tmp_path / "log.txt").stat().st_size <= MAX_BYTES + 2**20
        os.write(1, b"\nlast\n")
        assert capture.lines()[-1] == "last"


def test_lines_arrive_even_if_the_log_cannot_be_opened(tmp_path: Path) -> None:
    with Capture() as capture:
        capture.move(tmp_path / "none" / "log.txt")
        os.write(1, b"one\n")
        assert capture.lines() == ["one"]


def test_a_terminal_that_went_away_is_broken() -> None:
    read, write = os.pipe()
    terminal = TerminalFile(write)
    terminal.write("fine")
    assert os.read(read, 10) == b"fine" and not terminal.broken
    os.close(read)
    assert terminal.write("lost") == 4 and terminal.broken
    os.close(write)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain é", "plain é"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b[2J\x1b[H\x07beep\x08\r", "beep"),
        ("a\tb", "a   b"),
    ],
)
def test_escape_sequences_are_removed(raw: str, shown: str) -> None:
    assert printable(raw) == shown


def test_the_terminal_is_restored_even_if_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    before = [os.fstat(number) for number in (1, 2)]
    with Capture():
        monkeypatch.setattr(sys, "stdout", Full())
    monkeypatch.undo()
    assert all(os.path.samestat(os.fstat(n), b) for n, b in zip((1, 2), before, strict=True))
