"""The README's commands are the ones that CI runs, and what it names exists."""

import re
import subprocess
import sys
from pathlib import Path

from engine.config.recipes import RECIPES
from tui_cifar.cli.commands.bench import available
from tui_cifar.cli.main import COMMANDS, make_parser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_ci_runs_the_readmes_test_command() -> None:
    command = next(line for line in README.splitlines() if line.startswith("python3 -m venv") and "pytest" in line)
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_every_flag_and_recipe_in_the_readme_exists() -> None:
    known = {flag for action in make_parser()._actions for flag in action.option_strings}
    commands = [[name] for name in COMMANDS if name != "train"] + [["bench", name] for name in available()]
    for command in commands:
        told = subprocess.run([sys.executable, "-m", "tui_cifar", *command, "--help"], capture_output=True, text=True)
        known |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", told.stdout))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - {"--strict"} <= known
    assert all(f"`{name}`" in README for name in RECIPES)


def test_every_file_that_the_readme_names_exists() -> None:
    for name in re.findall(r"`((?:tests|engine|tui_cifar|\.ci)/[\w./]*)`", README):
        assert (ROOT / name).exists(), name
