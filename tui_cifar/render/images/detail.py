"""One image in detail: large, with its probabilities as bars and, where there is room, heat maps and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.segment import Segment

from engine.inspection.types import Inspection
from tui_cifar.render.images.captions import Prediction, caption_lines, captions_for
from tui_cifar.render.images.cells import thumbnail_lines
from tui_cifar.render.images.gradcam import maps_row
from tui_cifar.render.images.grid import fit, in_rows
from tui_cifar.render.images.probabilities import Subject, headline, probability_lines
from tui_cifar.render.look import Look
from tui_cifar.render.text.format import cut
from tui_cifar.render.text.line import Line, beside
from tui_cifar.run.predictions import weights_of

_WIDEST_BARS = 68
"""Columns beyond which wider bars say no more."""
_ROOM_FOR_MAPS = 19
"""Lines below the neighbours that are kept for a row of heat maps."""
_SIDES = (96, 64, 48, 32, 16)
"""Columns that the image may take."""


def image_view(
    subject: Subject,
    inspection: Inspection | str | None,
    width: int,
    height: int,
    look: Look,
    cam: int = 0,
    neighbours: Sequence[tuple[np.ndarray, Prediction]] = (),
) -> list[Line]:
    """The image large, its probabilities and notes beside it, below them its neighbours and the heat maps if they fit.

    Args:
        cam: the heat map that is highlighted, as a place in `inspection.cam_classes`.
        neighbours: the previous and the next images.
    """
    side = _side_for(width, height, 34) if subject.image is not None and look.mode != "off" else 0
    right = width - side - 3 if side else width
    column: list[Line] = [headline(subject, right, look), []]
    column += probability_lines(subject, min(right, _WIDEST_BARS), max(3, height - 6), look)
    column += [[], *([Segment(cut(note, right), look.styles.dim)] for note in subject.notes)]
    if look.mode != "off":
        if neighbours:
            column += _neighbours(neighbours, right, height - len(column) - _ROOM_FOR_MAPS, look)
        if isinstance(inspection, Inspection):
            title = f"evidence by class (Grad-CAM) · {weights_of(inspection.epoch, inspection.step)}"
            column += maps_row(subject, inspection, cam, right, height - len(column), look, title)
    if not side:
        if subject.image is None:
            column.append([Segment("The images are no longer on this disk.", look.styles.dim)])
        return column
    assert subject.image is not None
    large = thumbnail_lines(subject.image, side, look.mode, light=look.light)
    return beside([(side, large), (right, column)], 3)


def _side_for(width: int, height: int, rest: int) -> int:
    """Columns of the largest image that leaves `rest` of them; 0 if none does."""
    return next((s for s in _SIDES if s // 2 <= height and s + 3 + rest <= width), 0)


def _neighbours(images: Sequence[tuple[np.ndarray, Prediction]], width: int, height: int, look: Look) -> list[Line]:
    """A row of images with their captions; nothing if there is no room."""
    count = len(images)
    side = min(32, 2 * (height - 4), (width - 2 * (count - 1)) // count) // 2 * 2
    if side < 12:
        return []
    grid = fit(width, side // 2 + 2, side, most=count, captions=captions_for(images[0][1].class_names))
    blocks = [
        [
            *thumbnail_lines(image, grid.side, look.mode, light=look.light),
            *caption_lines(prediction, grid, look.styles),
        ]
        for image, prediction in images
    ]
    return [[], [Segment("previous and next images", look.styles.dim)], *in_rows(blocks, grid)]
