"""`cifar-tui predict` and `browse` as a user runs them, in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tui_cifar.cli.commands.predict import output_mode


def cifar_tui(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-m", "tui_cifar", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", **env},
    )


def test_predict_prints_images_and_classes(finished_run: Path, image_folder: Path, tmp_path: Path) -> None:
    wide = np.zeros((60, 200, 4), dtype=np.uint8)
    wide[..., 0], wide[..., 3] = 220, 255
    Image.fromarray(wide).save(tmp_path / "wide red.png")
    done = cifar_tui("predict", str(finished_run), str(tmp_path / "wide red.png"), "--images", "half")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b[38;2;220;0;0;48;2;220;0;0m▀" in done.stdout and "wide red.png" in done.stdout
    assert all(name in done.stdout for name in ("red", "green", "blue"))
    plain = cifar_tui(
        "predict", "run", str(tmp_path / "wide red.png"), "--runs-dir", str(finished_run.parent), LC_ALL="C"
    )
    assert plain.returncode == 0 and plain.stdout.isascii() and "\x1b" not in plain.stdout


def test_predict_as_pixels_where_asked_for_and_not_in_tmux(finished_run: Path, image_folder: Path) -> None:
    green = str(image_folder / "test" / "green" / "001.png")
    bare = {"TMUX": "", "TERM": "xterm-kitty"}
    done = cifar_tui("predict", str(finished_run), green, "--images", "kitty", **bare)
    assert done.returncode == 0 and "\x1b_Ga=T,f=24,s=32,v=32," in done.stdout and "green" in done.stdout
    refused = cifar_tui("predict", str(finished_run), green, "--images", "sixel", TERM="tmux-256color")
    assert refused.returncode == 2 and "--force-images" in refused.stderr and not refused.stdout
    forced = cifar_tui("predict", str(finished_run), green, "--images", "sixel", "--force-images", TERM="tmux-256color")
    assert forced.returncode == 0 and '\x1bP0;1q"1;1;320;320' in forced.stdout


def test_predict_json_is_for_scripts(finished_run: Path, image_folder: Path) -> None:
    images = [str(image_folder / "test" / name / "001.png") for name in ("red", "green")]
    done = cifar_tui("predict", str(finished_run), *images, str(image_folder / "none.png"), "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["image"] for line in lines] == images
    for line in lines:
        assert line["class"] == line["top"][0]["class"] and len(line["top"]) == 3
        assert sum(t["probability"] for t in line["top"]) == pytest.approx(1, abs=1e-4)
        assert line["probability"] == max(t["probability"] for t in line["top"])
    assert done.returncode == 2 and done.stderr.startswith("cifar-tui: ") and "none.png" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("predict",), "required: RUN, FILE"),
        (("predict", "nowhere", "a.png"), "no such run"),
        (("predict", "nowhere", "a.png", "--images", "gif"), "invalid choice: 'gif'"),
        (("browse", "nowhere"), "no such run"),
        (("browse",), "required: RUN"),
    ],
)
def test_mistakes_are_one_line_and_code_2(arguments: tuple[str, ...], words: str) -> None:
    done = cifar_tui(*arguments)
    assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1 and not done.stdout


def test_browse_needs_a_terminal(finished_run: Path) -> None:
    done = cifar_tui("browse", str(finished_run))
    assert done.returncode == 2 and "needs a terminal" in done.stderr


@pytest.mark.parametrize("command", ["predict", "browse"])
def test_help_imports_nothing_heavy(command: str) -> None:
    code = (
        f"import sys; from tui_cifar.cli.main import main\ntry: main(['{command}', '--help'])\n"
        "except SystemExit: pass\nassert not {'torch', 'textual', 'PIL'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert f"cifar-tui {command} RUN" in done.stdout


def test_how_images_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert output_mode(None, plainly=False) == "ascii", "the output of a test is no terminal"
    assert output_mode("half", plainly=True) == "truecolor"
    assert output_mode("off", plainly=False) == "off"
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
        assert output_mode(None, plainly=False) == mode
