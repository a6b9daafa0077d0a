"""Every screen at every size against kept text, in other themes and depths of colour, and in plain characters."""

from __future__ import annotations

import pytest
from rich.color import ColorSystem
from textual.filter import ANSIToTruecolor
from textual.pilot import Pilot

from tests.support.app import make_app
from tests.support.golden import SIZES, Golden, draw, steady
from tests.support.screens import CASES, PALETTE, done, reach
from tui_cifar.app.app import CifarApp

pytestmark = pytest.mark.usefixtures("fixed_surroundings")

STEADY = [name for name, case in CASES.items() if case.state != "TRAINING"]
"""Screens that hold nothing of how far a run under way is, which the moment decides."""


@pytest.mark.parametrize("name", STEADY)
async def test_a_screen_looks_the_same_as_before(name: str, request: pytest.FixtureRequest) -> None:
    golden = Golden(name)

    async def use(pilot: Pilot[None], app: CifarApp) -> None:
        for size in SIZES:
            await golden.take(pilot, size)

    await reach(CASES[name], use)
    golden.check(request.config.getoption("--update"))


@pytest.mark.long
@pytest.mark.parametrize("theme", ["cifar-light", "ansi-dark", "ansi-light"])
async def test_a_theme_changes_nothing_but_colours(theme: str) -> None:
    async def use(pilot: Pilot[None], app: CifarApp) -> None:
        before = await steady(pilot, app, (120, 40))
        app.theme = theme
        await pilot.pause()
        assert await steady(pilot, app, (120, 40)) == before
        wanted = {None: set(), ColorSystem.STANDARD: {"38", "48"}}
        for depth, never in wanted.items():
            looks = {look for row in draw(app, (120, 40), depth).rows for _, look in row}
            parts = {part.partition(";")[0] for _, *colours in looks for part in colours if part}
            assert not parts & never and (depth is not None or not parts)

    # Images are drawn for the depth of the terminal, and as letters are reversed in light themes.
    await reach(CASES["dashboard"], use, images="off")


@pytest.mark.parametrize("name", [*CASES, "palette"])
async def test_only_ascii_reaches_the_terminal(name: str) -> None:
    async def use(pilot: Pilot[None], app: CifarApp) -> None:
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            text = "".join(character for row in draw(app, size, None, ascii=True).rows for character, _ in row)
            assert text.isascii() and text.strip()
            assert len(text) == size[0] * size[1], "every character takes one cell"

    await reach({**CASES, "palette": PALETTE}[name], use, ascii=True)


def test_the_terminals_own_colours_stay_from_the_first_frame_on() -> None:
    for theme, light in (("ansi-light", True), ("ansi-dark", False)):
        app = make_app(done(), theme=theme)
        assert app.has_class("-light-mode") == light and app.has_class("-dark-mode") != light
        assert not any(f.enabled for f in app._filters if isinstance(f, ANSIToTruecolor))
