"""Grad-CAM heat maps: which parts of an image are evidence for a class (Selvaraju et al., 2017)."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from engine.inspection.types import Inspection
from tui_cifar.render.images.cells import thumbnail_lines
from tui_cifar.render.images.probabilities import Subject, headline, probability_lines
from tui_cifar.render.images.shading import grey, heat
from tui_cifar.render.look import Look
from tui_cifar.render.text.format import cut
from tui_cifar.render.text.line import Line, beside
from tui_cifar.run.predictions import weights_of


def cam_lines(inspection: Inspection, cam: int, side: int, look: Look) -> list[Line]:
    """A heat map over its image; without colours, the heat map alone.

    Args:
        cam: which heat map, as a place in `inspection.cam_classes`.
        side: columns.
    """
    weight = inspection.cams[cam]
    shown = grey(np.rint(weight * 255).astype(np.uint8)) if look.mode == "ascii" else heat(inspection.image, weight)
    return thumbnail_lines(shown, side, look.mode, light=look.light)


def map_view(subject: Subject, inspection: Inspection, cam: int, width: int, height: int, look: Look) -> list[Line]:
    """Image and heat map side by side, as large as they fit; below them the maps of the most likely classes if they fit."""
    assert subject.image is not None
    styles = look.styles
    side = next((s for s in (64, *range(32, 7, -2)) if s // 2 + 3 <= height and 2 * s + 3 <= width), 8)
    title = f"evidence for {inspection.class_names[inspection.cam_classes[cam]]}"
    heads = beside(
        [
            (side, [headline(subject, side, look)]),
            (side, [[Segment(cut(title, width - side - 3), styles.text)]]),
        ],
        3,
    )
    blocks = [
        (side, thumbnail_lines(subject.image, side, look.mode, light=look.light)),
        (side, cam_lines(inspection, cam, side, look)),
    ]
    room = width - 2 * (side + 3)
    if room >= 34:
        blocks.append((room, probability_lines(subject, room, max(3, side // 2), look)))
    if not inspection.cams[cam].any():
        legend = "the last convolution holds no evidence for this class"
    elif look.mode == "ascii":
        legend = "right: the denser the letter, the stronger the evidence"
    else:
        legend = "orange: evidence for the class"
    weights = weights_of(inspection.epoch, inspection.step)
    lines = [
        *heads,
        *beside(blocks, 3),
        [Segment(cut(legend, width), styles.dim)],
        [Segment(cut(f"{weights} · Grad-CAM on the last convolution (Selvaraju et al., 2017)", width), styles.dim)],
    ]
    return lines + maps_row(subject, inspection, cam, width, height - len(lines), look)


def maps_row(
    subject: Subject, inspection: Inspection, cam: int, width: int, height: int, look: Look, title: str = ""
) -> list[Line]:
    """A row of the heat maps of the most likely classes, each with its probability; nothing if there is no room.

    Args:
        cam: the map that is highlighted, as a place in `inspection.cam_classes`.
        title: a line above the maps.
    """
    styles, count = look.styles, len(inspection.cam_classes)
    room = height - (3 if title else 2)

    def side_of(columns: int) -> int:
        return min(32, 2 * room, (width - 2 * (columns - 1)) // columns) // 2 * 2

    columns = max(range(1, count + 1), key=lambda n: n * side_of(n) ** 2, default=0)
    side = side_of(columns) if columns else 0
    if side < 12:
        return []
    first = max(0, min(cam - columns // 2, count - columns))
    blocks = []
    for i in range(first, first + columns):
        label = inspection.cam_classes[i]
        text = f"{inspection.class_names[label]} {subject.probabilities[label] * 100:.1f} %"
        mark = (
            "✓ " if label == subject.true else "✗ " if label == subject.predicted and subject.true is not None else ""
        )
        name = Segment(f"{cut(mark + text, side):{side}}", styles.cursor if i == cam else styles.text)
        blocks.append((side, [*cam_lines(inspection, i, side, look), [name]]))
    gap = max(2, min(6, (width - columns * side) // max(1, columns - 1)))
    return [[], *([[Segment(cut(title, width), styles.dim)]] if title else []), *beside(blocks, gap)]
