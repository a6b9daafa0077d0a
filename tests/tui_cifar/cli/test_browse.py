"""`cifar-tui browse`: a recorded run reported again."""

from __future__ import annotations

from pathlib import Path

from tests.support.command import Command


def test_browse_needs_a_terminal(cifar_tui: Command, finished_run: Path) -> None:
    done = cifar_tui("browse", str(finished_run))
    assert done.code == 2 and "needs a terminal" in done.err
