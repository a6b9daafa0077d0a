"""What `rich_private` relies on in Rich. Where one of these fails, it names what a new version of Rich changed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from rich.color import Color, ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_cifar.render.rich_private import CellStyle, make_segments, make_styles

SGR = ["38;2;1;2;3;48;2;250;0;9", "38;5;16;48;5;196", "38;5;231", "30;107", "97"]


def plain(sgr: str) -> Style:
    """The same colours, in a style made by Rich."""
    style = make_styles([sgr])[0]
    return Style(color=style.color, bgcolor=style.bgcolor)


def test_a_style_has_the_fields_that_a_cell_style_stands_in_for() -> None:
    wanted = {"_color", "_bgcolor", "_attributes", "_set_attributes", "_link", "_link_id", "_ansi", "_style_definition"}
    wanted |= {"_hash", "_null", "_meta"}
    assert set(Style.__slots__) == wanted, (
        "CellStyle has to set those that are new, or need not set those that are gone"
    )
    fresh = Style(color="red")
    for name in wanted - {
        "_color",
        "_set_attributes",
        "_attributes",
        "_ansi",
        "_hash",
        "_link_id",
        "_style_definition",
    }:
        assert getattr(CellStyle, name) == getattr(fresh, name), f"{name}: Rich gives it another value"


def test_rich_keeps_the_codes_of_a_style_in_the_field_that_is_set() -> None:
    style = Style(color="red", bold=True)
    assert style._ansi is None
    codes = style._make_ansi_codes(ColorSystem.STANDARD)
    assert style._ansi == codes == "1;31", "Rich keeps them elsewhere: images are drawn slowly, or not at all"
    assert hasattr(Style.__dict__["_ansi"], "__set__")


@pytest.mark.parametrize("sgr", SGR)
def test_rich_and_textual_draw_a_cell_style_as_a_style_of_the_same_colours(sgr: str) -> None:
    (style,) = make_styles([sgr])
    assert style.sgr == sgr
    assert style.render("x", color_system=ColorSystem.TRUECOLOR) == f"\x1b[{sgr}m" + "x\x1b[0m"
    console = Console(force_terminal=True, color_system="truecolor")
    assert Strip([Segment("x", style)]).render(console) == Strip([Segment("x", plain(sgr))]).render(console)
    assert ";".join(filter(None, style.codes)) == sgr


@pytest.mark.parametrize("sgr", SGR)
def test_a_cell_style_can_be_combined_with_others(sgr: str) -> None:
    (style,) = make_styles([sgr])
    assert not style.bold and not style.underline and not style.reverse and style.link is None and not style.meta
    assert style.color == plain(sgr).color and style.bgcolor == plain(sgr).bgcolor
    assert Style(bold=True) + plain(sgr) == Style(bold=True, color=style.color, bgcolor=style.bgcolor)
    assert type(style.clear_meta_and_links()) is Style and style.clear_meta_and_links() == plain(sgr)
    assert bool(style), "a style that counts as empty is left out"


def test_cell_styles_are_equal_if_their_codes_are() -> None:
    one, same, other = make_styles([SGR[0], SGR[0], SGR[1]])
    assert one == same and hash(one) == hash(same) and one != other and one != plain(SGR[0])


def test_a_colour_of_the_palette_keeps_its_number_and_has_its_red_green_and_blue() -> None:
    """Textual replaces a colour without them with the theme's colour of that number."""
    for sgr, number in (("38;5;196", 196), ("31", 1), ("91", 9)):
        color = make_styles([sgr])[0].color
        assert color is not None and color.number == number and color.triplet is not None
        assert color.get_ansi_codes() == Color.from_ansi(number).get_ansi_codes()


def test_segments_are_named_tuples_of_three() -> None:
    assert issubclass(Segment, tuple) and Segment._fields == ("text", "style", "control")
    assert Segment.__new__ is not object.__new__ and "cell_length" not in Segment._fields
    styles = make_styles(SGR)
    segments = make_segments("abcde", styles)
    assert segments == [Segment(text, style) for text, style in zip("abcde", styles, strict=True)]
    assert {type(segment) for segment in segments} == {Segment} and segments[0].cell_length == 1


def test_the_first_frame_does_not_wait_for_numpy() -> None:
    code = "import sys, tui_cifar.app.app, tui_cifar.render.rich_private; print('numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
