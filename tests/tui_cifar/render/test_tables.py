"""Tables of the data and of the layers."""

from __future__ import annotations

from engine.events.types import LayerDescribed
from tests.support.drawing import STYLES, written
from tui_cifar.render.look import Look
from tui_cifar.render.text.data_tables import duplicate_lines
from tui_cifar.render.text.layer_table import layer_lines
from tui_cifar.render.text.line import width_of

LOOK = Look("truecolor", STYLES)


def test_a_narrow_layer_table_drops_words_before_numbers() -> None:
    layers = [
        LayerDescribed(name="conv1", kind="Conv2d 3×3", output=(16, 32, 32), parameters=448, multiply_adds=442_368)
    ]
    for width in (118, 78, 52):
        head, line = layer_lines(layers, width, 0, 5, LOOK)
        assert "442,368" in written([line])[0] and "multiply-adds" in written([head])[0]
        assert width_of(line) == width_of(head) <= width
    assert "Conv2d" in written([layer_lines(layers, 78, 0, 5, LOOK)[1]])[0]


def test_duplicates_that_matter_come_first() -> None:
    pairs = (
        "train/cat/a.jpg = train/cat/b.jpg",
        "train/cat/a.jpg = train/dog/c.jpg",
        "train 4 (cat) = test 1,007 (cat)",
        "train/cat/a.jpg = test/dog/d.jpg",
    )
    assert [line.rstrip() for line in written(duplicate_lines(pairs, 78, STYLES))] == [
        "  train/cat/a.jpg = test/dog/d.jpg    in training and test, different classes",
        "  train 4 (cat)   = test 1,007 (cat)  in training and test",
        "  train/cat/a.jpg = train/dog/c.jpg   different classes",
        "  train/cat/a.jpg = train/cat/b.jpg",
    ]
    narrow = written(duplicate_lines(("train/cat/0001.jpg = test/cat/0002.jpg",), 50, STYLES))
    assert narrow == ["  …t/0001.jpg = …at/0002.jpg  in training and test"]
    assert duplicate_lines((), 78, STYLES) == []
