"""What a run without a dashboard prints."""

from __future__ import annotations

import pytest

from engine.events.types import BatchCompleted
from tui_cifar.cli.printers import PlainPrinter


def test_progress_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    printer = PlainPrinter(lines.append, progress=10)
    for second in range(25):
        now[0] = second
        printer(
            BatchCompleted(
                phase="training",
                epoch=1,
                step=second,
                steps=50,
                images_per_second=4100.0,
                seconds_left=62.0,
                time=-second,  # the system clock may be set back
            )
        )
    assert lines == [f"epoch 1/0, training {percent} %, 4,100 images/s, 1:02 left" for percent in (0, 20, 40)]
