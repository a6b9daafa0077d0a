"""The words below an image."""

from __future__ import annotations

import pytest

from tests.support.drawing import STYLES, written
from tui_cifar.render.images.captions import Prediction, caption, two_line_caption, verdict

NAMES = ("airplane", "automobile", "cat", "frog")
WRONG, RIGHT = Prediction(NAMES, 3, 2, 0.94, 4117), Prediction(NAMES, 2, 2, 0.97, 7)


@pytest.mark.parametrize("width", [18, 20, 24])
def test_predicted_and_true_class_are_never_cut(width: int) -> None:
    for predicted, true in ((0, 1), (1, 0), (1, 1)):
        prediction = Prediction(NAMES, predicted, true, 0.98, 7)
        first, second = written(two_line_caption(prediction, width, STYLES))
        assert len(first) == len(second) == width
        assert first == f"{NAMES[predicted]:{width - 4}}0.98"
        assert second.startswith("✓ correct" if prediction.correct else f"✗ true: {NAMES[true]}")


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (36, "✗ frog (0.94), actually cat   #4,117"),
        (28, "✗ frog (0.94), actually cat "),
        (24, "✗ frog, actually cat    "),
        (19, "✗ fr…, actually cat"),
        (9, "✗ frog   "),
    ],
)
def test_one_line_says_as_much_as_fits(width: int, text: str) -> None:
    (line,) = written([caption(WRONG, width, STYLES)])
    assert line == text


def test_correct_predictions_in_one_line() -> None:
    assert written([caption(RIGHT, width, STYLES) for width in (20, 10, 6)]) == [
        "✓ cat 0.97        #7",
        "✓ cat 0.97",
        "✓ cat ",
    ]


def test_the_verdict_is_a_sentence_if_there_is_room() -> None:
    assert written([verdict(WRONG, width, STYLES) for width in (37, 30)]) == [
        "✗ predicted frog (0.94), actually cat",
        "✗ frog (0.94), actually cat",
    ]
    assert written([verdict(RIGHT, 30, STYLES)]) == ["✓ cat 0.97"]
