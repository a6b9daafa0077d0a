"""The filters of the first layer, and the feature maps of an image layer by layer."""

from __future__ import annotations

import numpy as np
from rich.segment import Segment

from engine.inspection.types import Inspection
from tui_cifar.render.images.augmentation import labelled
from tui_cifar.render.images.cells import image_lines, thumbnail_lines
from tui_cifar.render.images.grid import fit, in_rows
from tui_cifar.render.images.shading import centred, grey, stretched
from tui_cifar.render.look import Look
from tui_cifar.render.text.format import cut, plural
from tui_cifar.render.text.line import Line, beside, fitted
from tui_cifar.run.predictions import weights_of


def forward_pass(inspection: Inspection, label: str, width: int, height: int, look: Look) -> list[Line]:
    """An image and, of each layer, the feature map that varies most; nothing if there is no room for all."""
    shown = [(label, inspection.image)]
    for layer in inspection.maps:
        varied = layer.values[layer.values.std(axis=(1, 2)).argmax()]
        shown.append((layer.layer, grey(stretched(varied))))
    grid = fit(width, height - 2, most=len(shown), enough=len(shown))
    if not inspection.maps or grid.page < len(shown) or not grid.side:
        return []
    weights = weights_of(inspection.epoch, inspection.step)
    title = f"an image on its way through the network: the feature map of each layer that varies most · {weights}"
    blocks = [labelled(image, name, grid, look) for name, image in shown]
    return [[], [Segment(cut(title, width), look.styles.dim)], *in_rows(blocks, grid)]


def filter_tiles(inspection: Inspection, width: int, height: int, look: Look) -> list[Line]:
    """The filters of the first layer as large as all of them fit, each scaled to its own range."""
    filters = inspection.filters
    if not len(filters):
        return [[Segment("The first layer does not work on three colour channels.", look.styles.dim)]]
    n, h, w = filters.shape[:3]
    side = next((s for s in (24, 20, 18, 16, 14, 12, 10, 8, 6) if _all_fit(n, s, width, height - 2)), 4)
    rows, columns = np.arange(side) * h // side, np.arange(side) * w // side
    weights = weights_of(inspection.epoch, inspection.step)
    title = f"{plural(n, 'filter')} of {h}×{w}×3 · {weights} · each scaled to its own range, grey is 0"
    tiles = [(side, image_lines(centred(f)[rows][:, columns], look.mode, light=look.light)) for f in filters]
    return [fitted([Segment(title, look.styles.dim)], width), [], *_tiled(tiles, width, height - 2)]


def feature_maps(inspection: Inspection, layer: int, label: str, width: int, height: int, look: Look) -> list[Line]:
    """The feature maps of one layer, as many as fit, beside the image.

    Args:
        layer: a place in `inspection.maps`.
        label: of the image.
    """
    styles = look.styles
    if not inspection.maps:
        return [[Segment("No layer of this network has feature maps.", styles.dim)]]
    maps = inspection.maps[layer]
    n, h, w = maps.values.shape
    title = f"{maps.layer}: {plural(n, 'map')} of {h}×{w}"
    position = f"   layer {layer + 1} of {len(inspection.maps)} (up, down)"
    position += f"   {weights_of(inspection.epoch, inspection.step)}"
    large = 32 if width >= 110 else 16
    room, tall = width - large - 3, height - 3
    image = thumbnail_lines(inspection.image, large, look.mode, light=look.light)
    image += [[Segment(cut(label, large), styles.text)], [Segment("← → other images", styles.dim)]]
    # The largest tiles of which all fit, else the smallest that still show something.
    side = next((s for s in (32, 24, 16, 12, 10, 8, 6) if _all_fit(n, s, room, tall)), 6)
    side = min(side, max(6, 4 * w))
    tiles = [
        (side, thumbnail_lines(grey(stretched(values)), side, look.mode, light=look.light)) for values in maps.values
    ]
    lines: list[Line] = [fitted([Segment(title, styles.strong), Segment(position, styles.dim)], width), []]
    lines += beside([(large, image), (room, _tiled(tiles, room, tall))], 3)
    low, high = (f"{v:.2f}".replace("-", "−") for v in (maps.values.min(), maps.values.max()))
    legend = f"each map scaled to its own range; the layer's values are {low} to {high}"
    return [*lines[: height - 1], fitted([Segment(legend, styles.dim)], width)]


def _all_fit(count: int, side: int, width: int, height: int) -> bool:
    return ((width + 1) // (side + 1)) * ((height + 1) // (side // 2 + 1)) >= count


def _tiled(tiles: list[tuple[int, list[Line]]], width: int, height: int) -> list[Line]:
    """As many tiles of the same size as fit, in rows."""
    columns = max(1, (width + 1) // (tiles[0][0] + 1))
    rows = max(1, (height + 1) // (len(tiles[0][1]) + 1))
    lines: list[Line] = []
    for start in range(0, min(len(tiles), columns * rows), columns):
        lines += [*beside(tiles[start : min(start + columns, columns * rows)], 1), []]
    return lines[:height]
