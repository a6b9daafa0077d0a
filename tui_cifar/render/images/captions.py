"""Captions of images: the predicted class, the confidence, and the true class if it is another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment

from tui_cifar.render.images.grid import Captions, Grid
from tui_cifar.render.look import Styles
from tui_cifar.render.text.format import cut
from tui_cifar.render.text.line import Line, fitted, padded, spread, width_of
from tui_cifar.run.predictions import Results


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network predicted for one image."""

    class_names: Sequence[str]
    predicted: int
    true: int
    confidence: float
    """The probability of the predicted class."""
    number: int | None = None
    """The image's number in its split, if it is to be shown."""

    @property
    def correct(self) -> bool:
        """Whether the image was classified correctly."""
        return self.predicted == self.true


def prediction_of(results: Results, number: int) -> Prediction:
    """The prediction for one image of an evaluation."""
    predicted, true = int(results.predicted[number]), int(results.labels[number])
    return Prediction(results.class_names, predicted, true, float(results.confidence[number]), number)


def captions_for(class_names: Sequence[str]) -> Captions:
    """Room for the caption of any image of these classes. Names longer than any of CIFAR-10's may be cut."""
    longest = sorted((min(len(name), 12) for name in class_names), reverse=True)[:2]
    return Captions(one_line=sum(longest) + 13, two_lines=max(longest, default=0) + 8)


def caption(prediction: Prediction, width: int, styles: Styles) -> Line:
    """ "✗ frog (0.94), actually cat      #4,117", or as much of it as fits, padded to `width`."""
    room = width - 2
    if prediction.correct:
        name = prediction.class_names[prediction.true]
        parts: Line = [Segment("✓ ", styles.correct), Segment(cut(name, room), styles.text)]
        confidence = f" {prediction.confidence:.2f}"
        if len(name) + len(confidence) <= room:
            parts.append(Segment(confidence, styles.dim))
    else:
        parts = [Segment("✗ ", styles.wrong), Segment(_misclassified(prediction, room), styles.text)]
    number = _number(prediction)
    if number and width_of(parts) + 2 + len(number) <= width:
        parts = spread(parts, [Segment(number, styles.dim)], width)
    return padded(fitted(parts, width), width)


def verdict(prediction: Prediction, width: int, styles: Styles) -> Line:
    """ "✗ predicted frog (0.94), actually cat", or as much of it as fits."""
    room = width - 2
    if prediction.correct:
        name = cut(prediction.class_names[prediction.true], room)
        confidence = Segment(f" {prediction.confidence:.2f}", styles.dim)
        line: Line = [Segment("✓ ", styles.correct), Segment(name, styles.strong), confidence]
        return fitted(line, width)
    sentence = f"predicted {_misclassified(prediction, width)}"
    text = sentence if len(sentence) <= room else _misclassified(prediction, room)
    return [Segment("✗ ", styles.wrong), Segment(text, styles.strong)]


def _misclassified(prediction: Prediction, room: int) -> str:
    """ "frog (0.94), actually cat", shortened to fit."""
    predicted, true = prediction.class_names[prediction.predicted], prediction.class_names[prediction.true]
    for text in (f"{predicted} ({prediction.confidence:.2f}), actually {true}", f"{predicted}, actually {true}"):
        if len(text) <= room:
            return text
    names = room - len(", actually ")
    if names < 6:
        return cut(predicted, room)
    predicted = cut(predicted, max(names // 2, names - len(true)))
    return f"{predicted}, actually {cut(true, names - len(predicted))}"


def two_line_caption(prediction: Prediction, width: int, styles: Styles) -> list[Line]:
    """ "frog       0.94" and below it "✗ true: cat  #4,117", padded to `width`."""
    predicted, true = prediction.class_names[prediction.predicted], prediction.class_names[prediction.true]
    confidence = Segment(f"{prediction.confidence:.2f}", styles.dim)
    first = spread([Segment(cut(predicted, width - 5), styles.text)], [confidence], width)
    if prediction.correct:
        second: Line = [Segment("✓ ", styles.correct), Segment("correct", styles.dim)]
    else:
        second = [Segment("✗ ", styles.wrong), Segment(cut(f"true: {true}", width - 2), styles.text)]
    number = _number(prediction)
    if number and width_of(second) + 1 + len(number) <= width:
        second = spread(second, [Segment(number, styles.dim)], width)
    return [padded(fitted(line, width), width) for line in (first, second)]


def caption_lines(prediction: Prediction, grid: Grid, styles: Styles, *, current: bool = False) -> list[Line]:
    """The caption of an image in a grid; that of the current image is drawn as the cursor."""
    one = grid.caption_lines == 1
    lines = [caption(prediction, grid.width, styles)] if one else two_line_caption(prediction, grid.width, styles)
    return [as_cursor(line, styles) for line in lines] if current else lines


def as_cursor(line: Line, styles: Styles) -> Line:
    """The line in the style of the cursor."""
    return [Segment("".join(s.text for s in line), styles.cursor)]


def _number(prediction: Prediction) -> str:
    return "" if prediction.number is None else f"#{prediction.number:,}"
