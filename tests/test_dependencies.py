"""The versions that were tested are those that `pyproject.toml` allows, and what is optional is not needed."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = {
    "torch": "tests/engine/runtime/test_torch_private.py",
    "torchvision": "tests/engine/data/test_download.py",
    "textual": "tests/tui_cifar/terminal/test_textual_private.py",
}
"""Packages of which private parts are used, or that have to match each other, and the tests that a new version has to pass."""


def requirement(package: str) -> str:
    """What the project asks for of a package, as in ">=2.10,<2.15"."""
    (found,) = [match[1] for line in PROJECT["dependencies"] if (match := re.fullmatch(rf"{package}([<>=].*)", line))]
    return found


@pytest.mark.parametrize("package", PINNED)
def test_the_upper_bound_is_the_minor_version_that_the_tests_run_with(package: str) -> None:
    major, minor = map(int, version(package).split(".")[:2])
    assert requirement(package).endswith(f",<{major}.{minor + 1}"), (
        f"{package} {version(package)} is installed: once {PINNED[package]} and all other tests pass, "
        f"set its upper bound in pyproject.toml to <{major}.{minor + 1}"
    )


def test_the_upper_bound_of_rich_is_the_major_version_that_the_tests_run_with() -> None:
    major = int(version("rich").partition(".")[0])
    assert requirement("rich").endswith(f",<{major + 1}"), (
        f"rich {version('rich')} is installed: once tests/tui_cifar/render/test_rich_private.py and all other tests pass, "
        f"set its upper bound in pyproject.toml to <{major + 1}"
    )


@pytest.mark.parametrize("name", ["startup", "ui"])
def test_a_benchmark_without_its_extra_says_at_once_what_to_install(name: str) -> None:
    code = (
        "import sys; sys.modules['pyte'] = None\n"
        "from tui_cifar.cli.main import main\n"
        f"sys.exit(main(['bench', '{name}']))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines() == [
        "cifar-tui: This benchmark needs a terminal emulator: pip install 'cifar-tui[bench]'."
    ]


def test_the_program_does_not_need_what_is_optional() -> None:
    optional = ("pyte", "onnx", "onnxscript", "pytest", "hypothesis")
    code = "import sys\n" + "".join(f"sys.modules[{name!r}] = None\n" for name in optional)
    modules = ("app.app", "app.launch", "cli.main", "cli.headless", "cli.commands.bench", "cli.commands.export")
    code += "".join(f"import tui_cifar.{name}\n" for name in modules)
    subprocess.run([sys.executable, "-c", code], check=True)
