"""The colours of screens against kept ones: four themes, four depths of colour, two sizes."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.support.golden_colours import GoldenColours, in_words
from tests.support.screens import CASES, reach
from tui_cifar.app.app import CifarApp

pytestmark = pytest.mark.usefixtures("fixed_surroundings")

SIZES = ((80, 24), (120, 40))


@pytest.mark.parametrize("name", ["dashboard", "predictions", "confusion"])
async def test_a_screen_has_the_same_colours_as_before(name: str, request: pytest.FixtureRequest) -> None:
    goldens = [GoldenColours(name, size) for size in SIZES]

    async def use(pilot: Pilot[None], app: CifarApp) -> None:
        for golden in goldens:
            await pilot.resize_terminal(*golden.size)
            await golden.take(pilot)

    await reach(CASES[name], use)
    for golden in goldens:
        golden.check(request.config.getoption("--update"))


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (("", "", ""), "·"),
        (("1", "38;2;95;179;179", "48;2;15;18;22"), "bold #5fb3b3 on #0f1216"),
        (("2;4", "38;5;73", ""), "dim underlined 73"),
        (("7", "31", "107"), "reversed red on bright white"),
    ],
)
def test_looks_in_words(look: tuple[str, str, str], words: str) -> None:
    assert in_words(look) == words
