"""The examples of the pages work: in a copy of the product that they are put into, they are trained with and shown."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.support.pages import ROOT, Copy, copy_with_examples

QUICK = {"epochs": 1, "device": "cpu", "threads": 1, "precision": "float32", "memory_format": "channels_last"}


def example_commands(page: str) -> list[list[str]]:
    """The arguments of the commands in the part of a page that says how to add something."""
    how_to = re.search(r"^## How to add .*?(?=^## |\Z)", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert how_to is not None
    return [shlex.split(line)[1:] for line in re.findall(r"^cifar-tui .*", how_to[0], re.MULTILINE)]


@pytest.fixture(scope="module")
def engine_copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return copy_with_examples("engine/README.md", tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def trained(engine_copy: Copy, image_folder: Path) -> list[tuple[list[str], Path]]:
    """The commands of the engine's page, made quick, and the runs that they leave."""
    (engine_copy.root / "quick.toml").write_text("".join(f"{name} = {value!r}\n" for name, value in QUICK.items()))
    commands = example_commands("engine/README.md")
    given = []
    for number, command in enumerate(commands):
        data = [] if "--dataset" in command else ["--dataset", "IMAGES"]
        words = [*command, *data, "--headless", "--config", "quick.toml", "--name", str(number)]
        given.append([str(image_folder) if word == "IMAGES" else word for word in words])
    engine_copy.run("commands", json.dumps(given))
    return [(command, engine_copy.root / "runs" / str(number)) for number, command in enumerate(commands)]


def test_the_engines_examples_train(trained: list[tuple[list[str], Path]]) -> None:
    for command, run in trained:
        recorded = json.loads((run / "config.json").read_text("utf-8"))["config"]
        for flag, value in zip(command[::2], command[1::2], strict=True):
            assert value == "IMAGES" or str(recorded[flag.removeprefix("--")]) == value, command
        assert (run / "checkpoints" / "best.pt").exists(), command


def test_the_engines_event_is_in_the_log(engine_copy: Copy, trained: list[tuple[list[str], Path]]) -> None:
    _, run = trained[0]
    assert "weight norm" in engine_copy.run("log", str(run))


@pytest.fixture(scope="module")
def interface_copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return copy_with_examples("tui_cifar/README.md", tmp_path_factory.mktemp("interface"))


def test_the_interfaces_command_prints_a_line_per_epoch(interface_copy: Copy, finished_run: Path) -> None:
    (command,) = (c for c in example_commands("tui_cifar/README.md") if c[0] == "history")
    printed = interface_copy.run("commands", json.dumps([[str(finished_run) if w == "RUN" else w for w in command]]))
    assert [line.split(",")[0] for line in printed.splitlines()] == ["epoch", "1", "2"]


def test_the_interfaces_panel_screen_and_theme_are_shown(interface_copy: Copy) -> None:
    shown = interface_copy.run("screens", "7")
    assert "Throughput" in shown and "images/s" in shown
    assert "7 Settings" in shown and "batch_size" in shown
    assert "theme paper" in shown
