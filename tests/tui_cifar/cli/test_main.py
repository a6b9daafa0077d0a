"""The command line as far as it needs no process of its own: help, and mistakes."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config.recipes import RECIPES
from engine.config.schema import SETTINGS
from tests.support.command import Command
from tui_cifar.cli.commands.registry import COMMANDS
from tui_cifar.cli.options import flag_of


def test_help_fits_one_screen(cifar_tui: Command) -> None:
    for arguments in (["--help"], ["-h"], ["train", "--help"]):
        done = cifar_tui(*arguments)
        assert done.code == 0 and done.err == ""
        lines = done.out.splitlines()
        assert len(lines) < 24 and max(map(len, lines)) <= 80
    words = re.findall(r"^  ([a-z, ]+?)  ", done.out, re.MULTILINE)
    assert {name for word in words for name in word.split(", ")} >= set(COMMANDS)
    assert all(c.description in done.out for c in COMMANDS.values())
    for flag in (
        "--demo",
        "--recipe",
        "--resume",
        "--dataset",
        "--epochs",
        "--batch-size",
        "--lr",
        "--headless",
        "--help-all",
    ):
        assert flag in done.out


def test_all_flags_are_listed_in_groups(cifar_tui: Command) -> None:
    done = cifar_tui("--help-all")
    assert done.code == 0 and done.err == ""
    for heading in ("what to start", "data", "network", "optimizer", "augmentation", "run", "dashboard", "other"):
        assert f"\n{heading}:\n" in done.out
    text = " ".join(done.out.split())
    for name, setting in SETTINGS.items():
        assert flag_of(name) in done.out
        assert name == "recipe" or " ".join(setting.help.split()) in text, name
    for flag in ("--demo", "--config", "--resume", "--headless", "--json", "--images", "--on-hangup", "--version"):
        assert flag in done.out
    assert "momentum (optimizer sgd)" in text and "--optimizer sgd|muon" in text


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom tui_cifar.cli.main import main\n"
        "for arguments in (['--help'], ['--help-all'], ['predict', '--help'], ['browse', '--help']):\n"
        "    try: main(arguments)\n    except SystemExit: pass\n"
        "assert not {'torch', 'textual', 'numpy', 'PIL'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(f"cifar-tui {command} RUN" in done.stdout for command in ("predict", "browse"))


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
    ("arguments", "expected"),
    [
        (["--epoch", "3"], "did you mean '--epochs'"),
        (["--epochs", "three"], "whole number"),
        (["--epochs", "0"], "at least 1"),
        (["--recipe", "tutorial", "--momentum", "1"], "below 1"),
        (["--momentum", "0.9"], "momentum: the optimizer muon has none; it has lr and weight_decay."),
        (["--optimizer", "adam"], "sgd or muon"),
        (["--recipe", "tutorial", "--progressive"], "Give --no-progressive or --model airbench."),
        (["--recipe", "tutoral"], "did you mean 'tutorial'? 'cifar-tui recipes' lists them."),
        (["--device", "gpu"], "cuda:N"),
        (["--json"], "--headless"),
        (["--demo", "--recipe", "tutorial"], "--demo"),
        (["--config", "none.toml"], "none.toml"),
        (["trian"], "did you mean 'train'"),
        (["--images", "sixel"], "half"),
        (["recipes", "x"], "unexpected argument 'x'"),
        (["--headless", "--resume", "nowhere"], "no such run"),
        (["--headless", "--resume"], "no unfinished run"),
        (["--epochs"], "expected one argument"),
        (["--progress"], "--headless"),
        (["--headless", "--json", "--progress"], "--json"),
        (["--headless", "--progress", "0"], "more than 0"),
        (["--fps", "0"], "1 to 60"),
        (["--notify", "loudly"], "--notify"),
        (["bench", "nothing"], "unknown benchmark"),
        (["predict"], "required: RUN, FILE"),
        (["predict", "nowhere", "a.png"], "no such run"),
        (["predict", "nowhere", "a.png", "--images", "gif"], "invalid choice: 'gif'"),
        (["browse", "nowhere"], "no such run"),
        (["browse"], "required: RUN"),
        (["--demo"], "--headless"),  # because there is no terminal here
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(
    cifar_tui: Command, tmp_path: Path, arguments: list[str], expected: str
) -> None:
    done = cifar_tui(*arguments)
    assert done.code == 2 and done.out == ""
    errors = done.err.strip().splitlines()
    assert len(errors) == 1 and errors[0].startswith("cifar-tui: ") and expected in errors[0], done.err
    assert not (tmp_path / "runs").exists()


def test_only_a_near_flag_is_suggested(cifar_tui: Command) -> None:
    assert "did you mean" not in cifar_tui("--gpus", "2").err
    assert "did you mean '--batch-size'?" in cifar_tui("--batch", "2").err
    assert "did you mean '--json'?" in cifar_tui("predict", "run", "x.png", "--jsn").err


@pytest.mark.parametrize("arguments", [["export", "{secret}/run"], ["predict", "{secret}/run", "x.png"]])
def test_a_refused_file_is_one_clear_line(
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
