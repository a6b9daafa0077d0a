"""The examples of the pages work: in a copy of the product that they are put into, they are trained with and shown."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.support.pages import ROOT, Copy, copy_with_examples

TRAIN = """
import json, sys
from tui_cifar.cli.main import main
for command in json.loads(sys.argv[1]):
    assert main(command) == 0, command
"""


def how_to_commands(page: str) -> list[list[str]]:
    """The arguments of the commands that a page gives for its examples."""
    text = (ROOT / page).read_text(encoding="utf-8")
    how_to = text[text.index("## How to add") :]
    how_to = how_to[: how_to.index("\n## ")]
    return [shlex.split(line)[1:] for line in re.findall(r"^cifar-tui .*", how_to, flags=re.MULTILINE)]


@pytest.fixture(scope="module")
def engine_copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return copy_with_examples("engine/README.md", tmp_path_factory.mktemp("engine"))


def test_the_engines_examples_train(engine_copy: Copy, image_folder: Path) -> None:
    commands = how_to_commands("engine/README.md")
    small = ["--headless", "--epochs", "1", "--device", "cpu", "--threads", "1", "--runs-dir", "runs"]
    small += ["--precision", "float32", "--memory-format", "channels_last"]  # which takes no measurement
    given = [
        [str(image_folder) if word == "IMAGES" else word for word in command]
        + ([] if "--dataset" in command else ["--dataset", str(image_folder)])
        + [*small, "--name", str(number)]
        for number, command in enumerate(commands)
    ]
    result = engine_copy.run("-c", TRAIN, json.dumps(given))
    assert result.returncode == 0, result.stdout + result.stderr
    for number, command in enumerate(commands):
        recorded = json.loads((engine_copy.root / "runs" / str(number) / "config.json").read_text())["config"]
        for flag, value in zip(command[::2], command[1::2], strict=True):
            assert value == "IMAGES" or str(recorded[flag.removeprefix("--")]) == value, command
