"""Test images in rows and columns, each with what it was taken for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.segment import Segment

from tui_cifar.render.images.grid import Captions, Grid, in_rows
from tui_cifar.render.images.mosaic import Line, Mode, padded, thumbnail_lines, width_of
from tui_cifar.render.text.ink import Inks, fitted, spread, words
from tui_cifar.render.text.text import cut
from tui_cifar.run.predictions import Results


@dataclass(frozen=True, slots=True)
class Guess:
    """What an image was taken for."""

    names: Sequence[str]
    """The classes."""
    predicted: int
    true: int
    confidence: float
    number: int | None = None
    """The image's number in the test set, where it is told."""

    @property
    def correct(self) -> bool:
        """Whether it is that."""
        return self.predicted == self.true


def guess_of(results: Results, number: int) -> Guess:
    """What an image of the test set was taken for."""
    predicted, true = int(results.predicted[number]), int(results.labels[number])
    return Guess(results.class_names, predicted, true, float(results.confidence[number]), number)


def captions_for(names: Sequence[str]) -> Captions:
    """Room for the words below any image of these classes; longer names than any of CIFAR-10's may be cut."""
    longest = sorted((min(len(name), 12) for name in names), reverse=True)[:2]
    return Captions(one_line=sum(longest) + 12, two_lines=max(longest, default=0) + 5)


def caption(guess: Guess, width: int, inks: Inks) -> Line:
    """ "✗ dog, is cat 0.98      #4,117", as much of it as fits, padded to `width`."""
    true, predicted, correct = guess.names[guess.true], guess.names[guess.predicted], guess.correct
    mark = words("✓ " if correct else "✗ ", inks.correct if correct else inks.wrong)
    confidence, place = f" {guess.confidence:.2f}", _place(guess)
    told = true if correct else f"{predicted}, is {true}"
    room = width - 2
    parts: Line = [mark]
    if len(told) + len(confidence) <= room:
        parts += [words(told, inks.text), words(confidence, inks.dim)]
        if place and len(told) + len(confidence) + len(place) + 2 <= room:
            parts = spread(parts, [words(place, inks.dim)], width)
    elif correct or len(told) <= room or room < 9:
        parts.append(words(cut(told, room), inks.text))
    else:
        each = (room - 4) // 2
        first = cut(predicted, max(each, room - 4 - len(true)))
        parts.append(words(f"{first} is {cut(true, room - 4 - len(first))}", inks.text))
    return padded(fitted(parts, width), width)


def two_captions(guess: Guess, width: int, inks: Inks) -> list[Line]:
    """ "dog        0.98" and, below it, "✗ is cat #4,117", padded to `width`."""
    true, predicted = guess.names[guess.true], guess.names[guess.predicted]
    confidence = words(f"{guess.confidence:.2f}", inks.dim)
    first = spread([words(cut(predicted, width - 5), inks.text)], [confidence], width)
    if guess.correct:
        second: Line = [words("✓ ", inks.correct), words("correct", inks.dim)]
    else:
        second = [words("✗ ", inks.wrong), words(cut(f"is {true}", width - 2), inks.text)]
    if (place := _place(guess)) and width_of(second) + 1 + len(place) <= width:
        second = spread(second, [words(place, inks.dim)], width)
    return [padded(fitted(line, width), width) for line in (first, second)]


def captions(guess: Guess, grid: Grid, inks: Inks, *, chosen: bool = False) -> list[Line]:
    """The words below an image of a grid."""
    lines = [caption(guess, grid.width, inks)] if grid.words == 1 else two_captions(guess, grid.width, inks)
    return [marked(line, inks) for line in lines] if chosen else lines


def marked(line: Line, inks: Inks) -> Line:
    """The line as the cursor shows it."""
    return [Segment("".join(s.text for s in line), inks.cursor)]


def _place(guess: Guess) -> str:
    return "" if guess.number is None else f"#{guess.number:,}"


def gallery(
    results: Results,
    numbers: np.ndarray,
    first: int,
    chosen: int,
    grid: Grid,
    width: int,
    mode: Mode,
    inks: Inks,
    *,
    light: bool = False,
) -> list[Line]:
    """A page of images.

    Args:
        numbers: the selection, int (K,).
        first: where in it the page begins.
        chosen: where in it the cursor is.
    """
    page = range(first, min(first + grid.page, len(numbers)))
    if not grid.side or results.images is None:
        return [listing(results, int(numbers[i]), width, inks, chosen=i == chosen) for i in page]
    blocks = []
    for i in page:
        number = int(numbers[i])
        below = captions(guess_of(results, number), grid, inks, chosen=i == chosen)
        blocks.append([*thumbnail_lines(results.images[number], grid.side, mode, light=light), *below])
    return in_rows(blocks, grid)


def listing(results: Results, number: int, width: int, inks: Inks, *, chosen: bool = False) -> Line:
    """An image as a line of words, where images can't be drawn."""
    figures = f"  loss {results.loss[number]:6.3f}  margin {results.margin[number]:.2f}  " if width >= 62 else "  "
    told = caption(guess_of(results, number), min(36, width), inks)
    line = spread(told[:2] if width < 20 else told, [words(figures, inks.dim)], width)
    return marked(line, inks) if chosen else line
