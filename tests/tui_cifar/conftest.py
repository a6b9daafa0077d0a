"""The command line called in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Command, Finished
from tui_cifar.cli.main import main


@pytest.fixture
def cifar_tui(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Calls `cifar-tui` with arguments, in an empty folder and without a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for name in ("COLORTERM", "NO_COLOR", "TEXTUAL_FPS", "TEXTUAL_ANIMATIONS"):  # which the command sets
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def call(*arguments: str | Path) -> Finished:
        try:
            code: int | str | None = main([str(a) for a in arguments])
        except SystemExit as e:
            code = e.code
        out, err = capsys.readouterr()
        return Finished(code, out, err)

    return call
