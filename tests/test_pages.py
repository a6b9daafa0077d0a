"""What the pages say is true: links lead somewhere, and the files, flags, commands and recipes that they name exist."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from engine.config.recipes import RECIPES
from tests.support.pages import ROOT, example_entries, example_flags
from tui_cifar.cli.commands.bench import available
from tui_cifar.cli.commands.registry import COMMANDS
from tui_cifar.cli.commands.train import make_parser

PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for folder in (ROOT, ROOT / "engine", ROOT / "tui_cifar", ROOT / "tests")
    for page in folder.glob("README.md" if folder == ROOT else "**/README.md")
)
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
OTHER_PROGRAMS = {"--strict", "--update"}
"""Flags of mypy and pytest."""


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


@cache
def known_flags() -> set[str]:
    known = set(make_parser().flags())
    commands = [[name] for name in COMMANDS if name != "train"] + [["bench", name] for name in available()]
    for command in commands:
        help = subprocess.run([sys.executable, "-m", "tui_cifar", *command, "--help"], capture_output=True, text=True)
        known |= set(FLAG.findall(help.stdout))
    return known


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_to_a_heading(page: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text(page)):
        name, _, anchor = target.partition("#")
        file = (ROOT / page).parent / name if name else ROOT / page
        assert file.exists(), target
        assert not anchor or anchor in headings(file), target


def headings(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    lines = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL).splitlines()
    titles = (line.lstrip("#").strip().lower() for line in lines if line.startswith("#"))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    for name in re.findall(r"`((?:tests|engine|tui_cifar|\.ci)/[\w./]*)`", text(page)):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES)
def test_every_flag_in_a_page_exists(page: str) -> None:
    assert set(FLAG.findall(text(page))) - OTHER_PROGRAMS - example_flags(page) <= known_flags()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_a_page_exists(page: str) -> None:
    for word in re.findall(r"^(?:\.venv/bin/)?cifar-tui ([a-z]\w*)", text(page), flags=re.MULTILINE):
        assert word in COMMANDS or word in example_entries(page, "COMMANDS"), word
    for name in re.findall(r"cifar-tui bench ([a-z][\w-]*)", text(page)):
        assert name in available(), name


@pytest.mark.parametrize("page", ["README.md", "engine/README.md"])
def test_every_recipe_is_described(page: str) -> None:
    assert all(f"`{name}`" in text(page) for name in RECIPES)
