"""Golden colours: how each cell of a screen looks, in every theme and colour depth, as text to compare and to read.

A file shows the screen twice: as a map with a letter for each look, and as a legend that says what each letter is in each theme
and depth. A colour that changes is one line of the legend, and a place that changes is seen in the map. Cells of images are "%":
the renderers have tests of their own. `pytest tests/tui_cifar/screens/test_colours.py --update` writes the files.
"""

from __future__ import annotations

import string
from pathlib import Path

from rich.color import ColorSystem
from textual.pilot import Pilot

from tests.support.golden import FOLDER, IMAGE, check_file, draw, steady
from tui_cifar.app.app import CifarApp
from tui_cifar.terminal.painter import Look

DEPTHS: dict[str, ColorSystem | None] = {
    "true": ColorSystem.TRUECOLOR,
    "256": ColorSystem.EIGHT_BIT,
    "16": ColorSystem.STANDARD,
    "none": None,
}
THEMES = ("cifar-dark", "cifar-light", "ansi-dark", "ansi-light")
LETTERS = string.ascii_letters + string.digits + "".join(map(chr, range(0xC0, 0x250)))
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_ATTRIBUTES = {"1": "bold", "2": "dim", "3": "italic", "4": "underlined", "7": "reversed", "9": "struck"}


def in_words(look: Look) -> str:
    """ "bold #5fb3b3 on #0f1216"; "·" for the terminal's own."""
    attributes, fore, back = look
    words = [_ATTRIBUTES.get(a, a) for a in attributes.split(";") if a]
    words += [_colour(fore)] if fore else []
    words += [f"on {_colour(back)}"] if back else []
    return " ".join(words) or "·"


def _colour(codes: str) -> str:
    numbers = [int(n) for n in codes.split(";")]
    if len(numbers) == 5:
        return "#{:02x}{:02x}{:02x}".format(*numbers[2:])
    if len(numbers) == 3:
        return str(numbers[2])
    return ("bright " if numbers[0] >= 90 else "") + (_NAMES[numbers[0] % 10] if numbers[0] % 10 < 8 else "default")


class GoldenColours:
    """Takes a screen at a size in every theme and depth, and compares with the file."""

    def __init__(self, name: str, size: tuple[int, int]) -> None:
        self.path: Path = FOLDER / "colours" / f"{name}-{size[0]}x{size[1]}.txt"
        self.size = size
        self.text = ""

    async def take(self, pilot: Pilot[None]) -> None:
        """Draw in each theme and depth."""
        app = pilot.app
        assert isinstance(app, CifarApp)
        width, height = self.size
        characters: list[str] = []
        looks: dict[str, list[Look]] = {}
        for theme in THEMES:
            app.theme = theme
            await steady(pilot, app, self.size)
            for name, depth in DEPTHS.items():
                cells = [cell for row in draw(app, self.size, depth).rows for cell in row]
                looks[f"{theme} {name}"] = [look for _, look in cells]
                characters = characters or [character for character, _ in cells]
        every = list(zip(*looks.values(), strict=True))
        letters: dict[object, str] = {}
        cells_as_letters = [
            "%" if character in IMAGE else letters.setdefault(look, LETTERS[len(letters)])
            for character, look in zip(characters, every, strict=True)
        ]
        lines = ["".join(cells_as_letters[y * width : (y + 1) * width]) for y in range(height)]
        lines.append("")
        for look, letter in letters.items():
            assert isinstance(look, tuple)
            lines.append(letter)
            lines += self._legend(dict(zip(looks, map(in_words, look), strict=True)))
        self.text = "\n".join(lines) + "\n"

    @staticmethod
    def _legend(found: dict[str, str]) -> list[str]:
        """A line a theme: its four depths."""
        return [f"  {theme:12}" + " | ".join(found[f"{theme} {depth}"] for depth in DEPTHS) for theme in THEMES]

    def check(self, update: bool) -> None:
        """Compare with the file, or write it."""
        check_file(self.path, self.text, update, "tui_cifar/screens/test_colours.py")
