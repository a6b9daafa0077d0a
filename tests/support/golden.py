"""Golden text: what the screens show, kept in files to compare with and to read.

A file holds the characters of a screen at every size. A test that fails shows the lines that differ; `pytest
tests/tui_cifar/screens/test_screens.py --update` writes the files anew, and `git diff` shows what changed.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from rich.color import ColorSystem
from textual.pilot import Pilot

from tests.support.textual_private import is_laid_out, whole_update
from tui_cifar.app.app import CifarApp
from tui_cifar.terminal.painter import Painter

SIZES = ((60, 15), (80, 24), (120, 40), (200, 60))
FOLDER = Path(__file__).parents[1] / "golden"
IMAGE = "▀▘▝▖▌▞▛░▒"
"""Characters that images are made of."""
_SAME = str.maketrans(IMAGE, "▀" * len(IMAGE))


class Golden:
    """Collects a screen at several sizes, and compares with the file."""

    def __init__(self, name: str) -> None:
        self.path = FOLDER / f"{name}.txt"
        self._parts: list[str] = []

    async def take(self, pilot: Pilot[None], size: tuple[int, int]) -> None:
        """Add the screen at a size."""
        app = pilot.app
        assert isinstance(app, CifarApp)
        await pilot.resize_terminal(*size)
        self._parts.append(f"== {size[0]}x{size[1]}\n{await steady(pilot, app, size)}")

    @property
    def text(self) -> str:
        """The whole file."""
        return "\n".join(self._parts) + "\n"

    def check(self, update: bool) -> None:
        """Compare with the file, or write it."""
        check_file(self.path, self.text, update, "tui_cifar/screens/test_screens.py")


def check_file(path: Path, text: str, update: bool, test: str) -> None:
    """Compare a text with a golden file, or write it; `test` names the tests to run with `--update` for that."""
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before != text:
        changes = difflib.unified_diff(before.splitlines(), text.splitlines(), "file", "now", lineterm="")
        raise AssertionError(
            f"{path.name} differs; if it should, run pytest tests/{test} --update\n" + "\n".join(changes)
        )


async def steady(pilot: Pilot[None], app: CifarApp, size: tuple[int, int]) -> str:
    """The screen's characters once the layout is done and nothing changes any more."""
    before = None
    for _ in range(500):
        app.show()
        await pilot.pause(0.02)
        rows = draw(app, size, ColorSystem.TRUECOLOR).rows
        # Which character fits a cell of an image best is for the renderers' tests.
        now = "\n".join("".join(character for character, _ in row).rstrip() for row in rows).translate(_SAME)
        if now == before and app.screen.size == size and is_laid_out(app.screen):
            return now
        before = now
    raise AssertionError("the screen never settles")


def draw(app: CifarApp, size: tuple[int, int], depth: ColorSystem | None, ascii: bool = False) -> Painter:
    """What a terminal of this size and depth would show of the application."""
    painter = Painter(ascii=ascii)
    painter.resize(*size)
    painter.take(whole_update(app), depth)
    return painter
