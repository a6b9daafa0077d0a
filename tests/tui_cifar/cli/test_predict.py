"""`cifar-tui predict`: images with the classes that a network finds in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.command import Command
from tui_cifar.cli.commands.predict import output_mode


def test_predict_prints_images_and_classes(
    monkeypatch: pytest.MonkeyPatch, cifar_tui: Command, finished_run: Path, image_folder: Path, tmp_path: Path
) -> None:
    wide = np.zeros((60, 200, 4), dtype=np.uint8)
    wide[..., 0], wide[..., 3] = 220, 255
    Image.fromarray(wide).save(tmp_path / "wide red.png")
    done = cifar_tui("predict", str(finished_run), str(tmp_path / "wide red.png"), "--images", "half")
    assert (done.code, done.err) == (0, "")
    assert "\x1b[38;2;220;0;0;48;2;220;0;0m▀" in done.out and "wide red.png" in done.out
    assert all(name in done.out for name in ("red", "green", "blue"))
    monkeypatch.setenv("LC_ALL", "C")
    plain = cifar_tui("predict", "run", str(tmp_path / "wide red.png"), "--runs-dir", str(finished_run.parent))
    assert plain.code == 0 and plain.out.isascii() and "\x1b" not in plain.out


def test_predict_as_pixels_where_asked_for_and_not_in_tmux(
    monkeypatch: pytest.MonkeyPatch, cifar_tui: Command, finished_run: Path, image_folder: Path
) -> None:
    green = str(image_folder / "test" / "green" / "001.png")
    monkeypatch.setenv("TMUX", "")
    monkeypatch.setenv("TERM", "xterm-kitty")
    done = cifar_tui("predict", str(finished_run), green, "--images", "kitty")
    assert done.code == 0 and "\x1b_Ga=T,f=24,s=32,v=32," in done.out and "green" in done.out
    monkeypatch.setenv("TERM", "tmux-256color")
    refused = cifar_tui("predict", str(finished_run), green, "--images", "sixel")
    assert refused.code == 2 and "--force-images" in refused.err and not refused.out
    forced = cifar_tui("predict", str(finished_run), green, "--images", "sixel", "--force-images")
    assert forced.code == 0 and '\x1bP0;1q"1;1;320;320' in forced.out


def test_how_images_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert output_mode(None, ascii_only=False) == "ascii", "the output of a test is no terminal"
    assert output_mode("half", ascii_only=True) == "truecolor"
    assert output_mode("off", ascii_only=False) == "off"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    for env, mode in (
        ({"COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "linux", "NO_COLOR": "1"}, "ascii"),
    ):
        for name in ("COLORTERM", "NO_COLOR", "TERM"):
            monkeypatch.delenv(name, raising=False)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        assert output_mode(None, ascii_only=False) == mode
