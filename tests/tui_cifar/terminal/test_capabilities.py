"""What is known of the terminal before the dashboard starts."""

from __future__ import annotations

import os

import pytest

from tui_cifar.terminal.capabilities import tune_for_line


@pytest.mark.parametrize(
    ("fps", "remote", "sent"),
    [(2, False, 2), (60, True, 60), (None, False, 30), (None, True, 15)],
)
def test_a_low_frame_rate_delays_neither_the_first_frame_nor_a_key(
    monkeypatch: pytest.MonkeyPatch, fps: int | None, remote: bool, sent: int
) -> None:
    for name in ("SSH_CONNECTION", "SSH_TTY", "TEXTUAL_FPS", "TEXTUAL_ANIMATIONS", "COLORTERM", "NO_COLOR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    if remote:
        monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    assert tune_for_line(fps) == sent
    assert os.environ["TEXTUAL_FPS"] == "120", "Textual waits that long before any frame, the first one and a key's too"
