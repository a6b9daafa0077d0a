"""The examples in the pages: code blocks whose first line says where they belong, applied to a copy of the product."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PLACE = re.compile(r"# ([\w/.]+)(?:, (in|above) (\w+))?$")


@dataclass(frozen=True)
class Example:
    """A block of code for a file: a new one, or for a place at a table (a name that a call or dictionary is assigned to) in one."""

    path: str
    place: str | None
    """ "in" or "above" the table; None for a whole file."""
    table: str | None
    code: str

    def apply(self, root: Path) -> None:
        """Put it into the copy of the product under `root`."""
        file = root / self.path
        if self.place is None:
            assert not file.exists(), f"{self.path} exists"
            file.write_text(self.code, encoding="utf-8")
            return
        text = file.read_text(encoding="utf-8")
        start = re.search(rf"^{self.table}\b.* = ", text, flags=re.MULTILINE)
        assert start is not None, f"{self.path} has no {self.table}"
        at = start.start()
        if self.place == "in":
            end = re.compile(r"^[)}\]]", re.MULTILINE).search(text, at)
            assert end is not None
            at = end.start()
        code = self.code if self.place == "in" else f"{self.code}\n\n"
        file.write_text(text[:at] + code + text[at:], encoding="utf-8")


def examples(page: str) -> list[Example]:
    """The examples of a page, in its order."""
    found = []
    for language, body in _BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        first, _, code = body.partition("\n")
        if language == "python" and (place := _PLACE.match(first)):
            found.append(Example(place[1], place[2], place[3], code))
    return found


@dataclass(frozen=True)
class Copy:
    """A copy of the product with examples in it."""

    root: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python in it, with the tests' own modules at hand."""
        path = os.pathsep.join([str(self.root), str(ROOT)])
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=300,
        )


def copy_with_examples(page: str, root: Path) -> Copy:
    """A copy of both packages under `root`, with all examples of a page applied."""
    for package in ("engine", "tui_cifar"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    for example in examples(page):
        example.apply(root)
    return Copy(root)
