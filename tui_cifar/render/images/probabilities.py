"""An image's prediction in words and its probabilities as bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.segment import Segment

from tui_cifar.render.images.captions import Prediction, verdict
from tui_cifar.render.look import Look
from tui_cifar.render.text.format import bar, cut
from tui_cifar.render.text.line import Line


@dataclass(frozen=True, slots=True)
class Subject:
    """An image and the network's prediction for it."""

    image: np.ndarray | None
    """uint8 (32, 32, 3), or None if it is no longer on this disk."""
    class_names: tuple[str, ...]
    probabilities: np.ndarray
    """float (classes,)."""
    true: int | None
    """The true class, if it is known."""
    notes: tuple[str, ...]
    """Lines below the bars."""

    @property
    def predicted(self) -> int:
        """The most likely class."""
        return int(self.probabilities.argmax())


def headline(subject: Subject, width: int, look: Look) -> Line:
    """ "✗ predicted frog (0.94), actually cat", or only the predicted class if the true one is not known."""
    predicted = subject.predicted
    if subject.true is None:
        return [Segment(subject.class_names[predicted], look.styles.strong)]
    confidence = float(subject.probabilities[predicted])
    return verdict(Prediction(subject.class_names, predicted, subject.true, confidence), width, look.styles)


def probability_lines(subject: Subject, width: int, most: int, look: Look) -> list[Line]:
    """The probabilities as bars, true and predicted class highlighted.

    Args:
        most: how many fit; if there are more classes, the most likely ones are shown, in that order.
    """
    names, p, styles = subject.class_names, subject.probabilities, look.styles
    order = list(range(len(names)))
    if len(names) > most:
        order = np.argsort(-p, kind="stable")[:most].tolist()
    name_width = min(max((len(names[i]) for i in order), default=0), max(6, width // 3))
    predicted, lines = subject.predicted, []
    for i in order:
        wrong = i == predicted and subject.true not in (None, i)
        mark, style = (
            ("✓", styles.correct) if i == subject.true else ("✗", styles.wrong) if wrong else (" ", styles.dim)
        )
        bar_style = styles.accent if i == predicted and subject.true is None else style
        filled = bar(float(p[i]), max(0, width - name_width - 11), ascii=look.ascii)
        lines.append(
            [
                Segment(f"{mark} ", style),
                Segment(
                    f"{cut(names[i], name_width):{name_width}} ",
                    styles.strong if i in (predicted, subject.true) else styles.text,
                ),
                Segment(filled, bar_style),
                Segment(f"{p[i] * 100:6.1f} %", styles.text),
            ]
        )
    return lines
