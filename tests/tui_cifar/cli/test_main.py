"""The command line as far as it needs no process of its own: help, mistakes, settings of the terminal."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config.recipes import RECIPES
from tests.support.command import Command
from tui_cifar.cli.main import tune_for_line


def test_help_is_grouped(cifar_tui: Command) -> None:
    done = cifar_tui("--help")
    assert done.code == 0 and done.err == ""
    for wanted in (
        "What to train:",
        "How to show it:",
        "Where:",
        "Training (overrides the recipe):",
        "--epochs",
        "--batch-size",
        "--lr",
        "--momentum",
        "--weight-decay",
        "--seed",
        "--valid-fraction",
        "--threads",
        "--resume",
        "--headless",
        "--demo",
    ):
        assert wanted in done.out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom tui_cifar.cli.main import main\n"
        "for command in ([], ['predict'], ['browse']):\n"
        "    try: main([*command, '--help'])\n    except SystemExit: pass\n"
        "assert not {'torch', 'textual', 'numpy', 'PIL'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(f"cifar-tui {command} RUN" in done.stdout for command in ("predict", "browse"))


@pytest.mark.parametrize(
    ("fps", "remote", "sent"),
    [(2, False, 2), (60, True, 60), (None, False, 30), (None, True, 15)],
)
def test_few_frames_a_second_do_not_hold_up_the_first_nor_a_key(
    monkeypatch: pytest.MonkeyPatch, fps: int | None, remote: bool, sent: int
) -> None:
    for name in ("SSH_CONNECTION", "SSH_TTY", "TEXTUAL_FPS", "TEXTUAL_ANIMATIONS", "COLORTERM", "NO_COLOR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    if remote:
        monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    assert tune_for_line(fps) == sent
    assert os.environ["TEXTUAL_FPS"] == "120", "by which Textual waits before any frame, the first one and a key's too"


def test_version(cifar_tui: Command) -> None:
    assert cifar_tui("--version").out.startswith("cifar-tui ")


def test_recipes_are_listed_with_their_values(cifar_tui: Command) -> None:
    done = cifar_tui("recipes")
    assert done.code == 0
    assert all(name in done.out and recipe.description in done.out for name, recipe in RECIPES.items())
    lines = {line.split()[0]: line.split()[1:] for line in done.out.splitlines() if line}
    shown = dict(zip(RECIPES, zip(lines["batch_size"], lines["lr"], strict=True), strict=True))
    assert (shown["tutorial"], shown["demo"]) == (("20", "0.01"), ("32", "0.02"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--epoch", "3"], "did you mean '--epochs'"),
        (["--epochs", "three"], "whole number"),
        (["--epochs", "0"], "at least 1"),
        (["--momentum", "1"], "below 1"),
        (["--recipe", "tutoral"], "did you mean 'tutorial'"),
        (["--device", "gpu"], "cuda:N"),
        (["--json"], "--headless"),
        (["--demo", "--recipe", "tutorial"], "--demo"),
        (["--config", "none.toml"], "none.toml"),
        (["trian"], "did you mean 'train'"),
        (["--images", "sixel"], "half"),
        (["recipes", "x"], "no arguments"),
        (["--headless", "--resume", "nowhere"], "no such run"),
        (["--headless", "--resume"], "no unfinished run"),
        (["--epochs"], "expected one argument"),
        (["--progress"], "--headless"),
        (["--headless", "--json", "--progress"], "--json"),
        (["--headless", "--progress", "0"], "more than 0"),
        (["--fps", "0"], "1 to 60"),
        (["--notify", "loudly"], "--notify"),
        (["bench", "nothing"], "no benchmark"),
        (["predict"], "required: RUN, FILE"),
        (["predict", "nowhere", "a.png"], "no such run"),
        (["predict", "nowhere", "a.png", "--images", "gif"], "invalid choice: 'gif'"),
        (["browse", "nowhere"], "no such run"),
        (["browse"], "required: RUN"),
        (["--demo"], "--headless"),  # because there is no terminal here
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(
    cifar_tui: Command, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = cifar_tui(*arguments)
    assert done.code == 2 and done.out == ""
    errors = done.err.strip().splitlines()
    assert len(errors) == 1 and errors[0].startswith("cifar-tui: ") and said in errors[0], done.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("arguments", [["export", "{secret}/run"], ["predict", "{secret}/run", "x.png"]])
def test_what_may_not_be_read_is_one_clear_line(
    cifar_tui: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    secret, stat = tmp_path / "secret", os.stat

    def refuse(path: int | str | Path, **how: bool) -> os.stat_result:
        if str(path).startswith(str(secret)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", refuse)
    done = cifar_tui(*(a.format(secret=secret) for a in arguments))
    assert done.code == 2 and len(done.err.splitlines()) == 1
    assert str(secret) in done.err and "Permission denied" in done.err
