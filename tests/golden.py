"""Golden text: what a screen shows, kept as files to compare with and to read.

A file holds a screen at every size: its characters, and below them a letter a cell for how the cell looks. What a letter means
in each theme and at each depth of colour stands at the end of the file. `pytest tests/test_screens.py --update` writes the files
anew; what changed is then for `git diff` to show. A test that fails shows the differing lines.
"""

from __future__ import annotations

import difflib
import string
from pathlib import Path

from rich.color import ColorSystem
from textual.pilot import Pilot

from tui_cifar.app import CifarApp
from tui_cifar.painter import Look, Painter

SIZES = ((60, 15), (80, 24), (120, 40), (200, 60))
THEMES = ("cifar-dark", "cifar-light", "ansi-dark", "ansi-light")
DEPTHS = {
    "true": ColorSystem.TRUECOLOR,
    "256": ColorSystem.EIGHT_BIT,
    "16": ColorSystem.STANDARD,
    "none": None,
}
FOLDER = Path(__file__).with_name("golden")

Looks = tuple[Look, ...]
"""How a cell looks in every theme at every depth."""


class Golden:
    """Collects a screen at several sizes, and compares with the file."""

    def __init__(self, name: str) -> None:
        self.path = FOLDER / f"{name}.txt"
        self._parts: list[str] = []
        self._letters: dict[Looks, str] = {}

    async def take(self, pilot: Pilot[None], size: tuple[int, int], ascii: bool = False) -> None:
        """Add the screen as it is at a size, in every theme and depth."""
        app = pilot.app
        assert isinstance(app, CifarApp)
        await pilot.resize_terminal(*size)
        grids = []
        for theme in THEMES:
            app.theme = theme
            app.refresh_css(animate=False)
            await self._settle(pilot, app, size, ascii)
            for depth in DEPTHS.values():
                grids.append(draw(app, size, depth, ascii).rows)
        text, letters = [], []
        for y in range(size[1]):
            text.append("".join(character for character, _ in grids[0][y]).rstrip())
            letters.append(
                "".join(
                    self._letter(tuple(grid[y][x][1] for grid in grids), grids[0][y][x][0]) for x in range(size[0])
                ).rstrip()
            )
        self._parts.append(f"== {size[0]}x{size[1]}\n" + "\n".join(text) + "\n-- looks\n" + "\n".join(letters))

    @staticmethod
    async def _settle(pilot: Pilot[None], app: CifarApp, size: tuple[int, int], ascii: bool) -> None:
        """Wait until the layout is done and nothing changes any more."""
        before = None
        for _ in range(200):
            app.show()
            await pilot.pause(0.02)
            now = draw(app, size, ColorSystem.TRUECOLOR, ascii).rows
            if now == before and app.screen.size == size and not app.screen._layout_required:
                return
            before = now
        raise AssertionError("the screen never comes to rest")

    def _letter(self, looks: Looks, character: str) -> str:
        if character == "▀":  # a pixel of a picture has colours of its own
            return "."
        if looks not in self._letters:
            self._letters[looks] = (" " + string.ascii_letters + string.digits)[len(self._letters)]
        return self._letters[looks]

    @property
    def text(self) -> str:
        """The whole file."""
        lines = ["== letters"]
        for looks, letter in self._letters.items():
            lines.append(f"{letter!r}")
            told = iter(looks)
            for theme in THEMES:
                lines.append(f"  {theme:11} " + "   ".join(f"{depth} {_told(next(told))}" for depth in DEPTHS))
        return "\n".join([*self._parts, *lines]) + "\n"

    def check(self, update: bool) -> None:
        """Compare with the file, or write it."""
        if update:
            self.path.parent.mkdir(exist_ok=True)
            self.path.write_text(self.text, encoding="utf-8")
            return
        before = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        if before != self.text:
            changes = difflib.unified_diff(before.splitlines(), self.text.splitlines(), "kept", "now", lineterm="")
            raise AssertionError(
                f"{self.path.name} differs; if it should, run pytest {Path(__file__).parent.name} --update\n"
                + "\n".join(changes)
            )


def draw(app: CifarApp, size: tuple[int, int], depth: ColorSystem | None, ascii: bool = False) -> Painter:
    """What a terminal of this size and depth would show of the application."""
    painter = Painter(ascii=ascii)
    painter.resize(*size)
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    painter.take(update, depth)  # type: ignore[arg-type]
    return painter


def _told(look: Look) -> str:
    return "/".join(part or "-" for part in look)
