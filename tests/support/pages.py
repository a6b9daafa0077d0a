"""The examples in the pages, put into a copy of the product.

The first line of an example says where it belongs::

    # engine/models/mlp.py                            a new file
    # engine/models/registry.py, in MODELS            the last entry of a table
    # engine/models/registry.py, above MODELS         top-level code before the table
    # engine/training/trainer.py                      in a block of the language "diff": lines with a "+" that follow others
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(python|diff)\n# ([\w/.]+)(?:, (in|above) (\w+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """A block of a page that belongs into a file."""

    language: str
    path: str
    place: str
    """ "in" or "above" `table`; empty for a whole file or a diff."""
    table: str
    code: str

    def apply(self, root: Path) -> None:
        """Put it into the copy of the product under `root`."""
        file = root / self.path
        if self.language == "diff":
            file.write_text(self._patched(file.read_text(encoding="utf-8")), encoding="utf-8")
        elif self.place:
            file.write_text(self._inserted(file.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            assert not file.exists(), f"{self.path} exists"
            file.write_text(self.code, encoding="utf-8")

    def _patched(self, text: str) -> str:
        lines = self.code.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if not line.startswith("+"))
        assert text.count(before) == 1, f"{self.path} does not have once:\n{before}"
        return text.replace(before, "".join(line[1:] for line in lines))

    def _inserted(self, text: str) -> str:
        (statement,) = (s for s in ast.parse(text).body if self.table in _names(s))
        assert statement.end_lineno is not None
        lines = text.splitlines(keepends=True)
        at = statement.end_lineno - 1 if self.place == "in" else statement.lineno - 1
        code = self.code if self.place == "in" else f"{self.code}\n\n"
        return "".join([*lines[:at], code, *lines[at:]])


def _names(statement: ast.stmt) -> list[str]:
    """The names that a statement assigns to."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def examples(page: str) -> list[Example]:
    """The examples of a page, in its order."""
    return [Example(*block) for block in _BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))]


def example_flags(page: str) -> set[str]:
    """The flags that the examples of a page add."""
    names = re.findall(r"^    (\w+): \w+ = setting\(", "".join(e.code for e in examples(page)), flags=re.MULTILINE)
    return {f"--{name.replace('_', '-')}" for name in names}


def example_entries(page: str, table: str) -> set[str]:
    """The names of the entries that the examples of a page add to a table."""
    code = "".join(e.code for e in examples(page) if e.place == "in" and e.table == table)
    return set(re.findall(r'\bname="([\w-]+)"', code))


@dataclass(frozen=True)
class Copy:
    """A copy of the product with examples in it."""

    root: Path

    def run(self, what: str, argument: str = "") -> str:
        """Run a function of `tests.support.in_copy` in it; what it printed."""
        result = subprocess.run(
            [sys.executable, "-m", "tests.support.in_copy", what, argument],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(self.root), str(ROOT)])},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


def copy_with_examples(page: str, root: Path) -> Copy:
    """A copy of both packages under `root`, with the examples of a page in it."""
    for package in ("engine", "tui_cifar"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    for example in examples(page):
        example.apply(root)
    return Copy(root)
