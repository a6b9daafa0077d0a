"""Text: numbers, ASCII stand-ins, lines of segments and of Rich text."""

from __future__ import annotations

from rich.console import Console
from rich.segment import Segment
from rich.text import Text

from tui_cifar.render.text.ascii import plain
from tui_cifar.render.text.format import countdown, cut, cut_start, duration, learning_rate, plural, signed, size
from tui_cifar.render.text.line import Line, beside, fitted, padded, spread
from tui_cifar.render.text.rich_lines import Lines


def test_numbers_and_times_as_text() -> None:
    assert [duration(s) for s in (2.1, 59.94, 59.96, 65, 3723)] == ["2.1 s", "59.9 s", "1:00", "1:05", "1:02:03"]
    assert [countdown(s) for s in (-3, 42, 725, 12_000)] == ["0:00", "0:42", "12:05", "3:20:00"]
    assert learning_rate(0.01) == "0.01" and learning_rate(0.0004) == "0.0004"
    assert [cut("automobile", n) for n in (10, 5, 1, 0)] == ["automobile", "auto…", "…", ""]
    assert [cut_start("runs/night", n) for n in (10, 6, 1, 0)] == ["runs/night", "…night", "…", ""]
    assert [size(n) for n in (12, 2_200, 2_200_000, 3e9)] == ["12 bytes", "2.2 kB", "2.2 MB", "3.0 GB"]
    assert [signed(v, 2) for v in (0.5, -0.5)] == ["+0.50", "−0.50"]


def test_plurals() -> None:
    assert [plural(n, "epoch") for n in (0, 1, 2_000)] == ["0 epochs", "1 epoch", "2,000 epochs"]
    assert [plural(n, "image is", "images are") for n in (1, 2)] == ["1 image is", "2 images are"]


def test_ascii_stand_ins() -> None:
    assert plain("★ 1.001 → 0.985 … ✓ ✗ ━╸ Ω 61 °C").isascii()


def test_lines_draw_what_rich_draws() -> None:
    coloured = Text().join(Text("▀", f"#{n:06x} on #{3 * n:06x}") for n in range(0, 5_000_000, 250_007))
    coloured.no_wrap = True
    texts = [coloured, Text.assemble(("✓ ", "green"), "cat", (" 0.97", "bold")), Text("dim", "dim"), Text("")]
    overlapping = Text("overlapping")
    overlapping.stylize("red", 0, 6)
    overlapping.stylize("bold", 3, 9)
    texts.append(overlapping)

    def rendered(what: object) -> str:
        console = Console(color_system="truecolor", force_terminal=True, width=40)
        with console.capture() as capture:
            console.print(what, end="")
        return capture.get()

    assert rendered(Lines(texts)) == "".join(rendered(t) + "\n" for t in texts)
    assert Lines(texts).plain.splitlines()[-1] == "overlapping"


def test_blocks_side_by_side_are_filled_up_with_blanks() -> None:
    a: list[Line] = [[Segment("ab")], [Segment("c")]]
    b: list[Line] = [[Segment("x")]]
    assert ["".join(s.text for s in line) for line in beside([(2, a), (3, b)], 1)] == ["ab x  ", "c     "]
    assert padded([Segment("abc")], 2) == [Segment("abc")]


def test_lines_are_cut_and_spread_over_a_width() -> None:
    line: Line = [Segment("images"), Segment(" of cats")]
    assert ["".join(s.text for s in fitted(line, n)) for n in (14, 10, 5, 2)] == [
        "images of cats",
        "images of…",
        "imag…",
        "i…",
    ]
    assert "".join(s.text for s in spread(line, [Segment("12")], 20)) == "images of cats    12"
    assert "".join(s.text for s in spread(line, [Segment("12")], 10)) == "images… 12"
