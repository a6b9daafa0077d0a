"""Tables of the data and of the network."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events import LayerDescribed, SplitDescribed
from tui_cifar.render.ink import Inks, fitted, words
from tui_cifar.render.mosaic import Line
from tui_cifar.render.text import bar, cut

SPLITS = {"train": "training", "valid": "validation", "test": "test"}


def count_table(
    splits: Sequence[SplitDescribed], names: Sequence[str], width: int, most: int, inks: Inks, *, ascii: bool = False
) -> list[Line]:
    """Pictures by class and split, a bar for the training ones; then mean and spread of each colour.

    Args:
        most: lines that there is room for.
    """
    name_width = max(5, min(max(map(len, names), default=5), max(8, width // 5)))
    cell = 12 if width < 90 else 16
    room = min(40, width - name_width - 3 * cell - 2)
    heads = f"{'class':{name_width}}" + "".join(f"{SPLITS.get(s.name, s.name):>{cell}}" for s in splits)
    lines: list[Line] = [[words(heads, inks.dim)]]
    top = max((s.per_class[i] for s in splits[:1] for i in range(len(names))), default=1)
    shown = list(range(len(names)))[: max(1, most - 6 if len(names) <= most - 6 else most - 7)]
    for i in shown:
        line: Line = [words(f"{cut(names[i], name_width):{name_width}}", inks.text)]
        line += [words(f"{s.per_class[i]:>{cell},}", inks.text) for s in splits]
        if room >= 6 and splits:
            line.append(words("  " + bar(splits[0].per_class[i] / max(1, top), room, ascii=ascii), inks.dim))
        lines.append(line)
    if len(shown) < len(names):
        lines.append([words(f"{len(names) - len(shown)} more …", inks.dim)])
    total = f"{'all':{name_width}}" + "".join(f"{sum(s.per_class):>{cell},}" for s in splits)
    lines += [[words(total, inks.strong)], []]
    for i, name in enumerate(("red", "green", "blue")):
        figures = "".join(f"{f'{s.mean[i]:.1f} ±{s.spread[i]:.1f}':>{cell}}" for s in splits)
        lines.append([words(f"{name:{name_width}}", inks.text), words(figures, inks.text)])
        if i == 0:
            lines[-1].append(words("  mean and spread of the bytes" if room >= 6 else "  mean ±spread", inks.dim))
    return [fitted(line, width) for line in lines]


def layer_lines(layers: Sequence[LayerDescribed], width: int, start: int, most: int, inks: Inks) -> list[Line]:
    """The layers, `most` of them from `start` on, under their heads."""
    name_width = max(5, min(max((len(x.name) for x in layers), default=5), max(8, width // 5)))
    outputs = ["×".join(map(str, x.output)) for x in layers]
    output_width = max(12, *(len(o) + 2 for o in outputs)) if layers else 12
    kind_width = min(34, width - name_width - output_width - 12 - 15 - 2)
    kind_width = kind_width if kind_width >= 10 else 0  # the numbers matter more
    heads = f"{'layer':{name_width}}  {'type'[:kind_width]:{kind_width}}{'output':>{output_width}}{'parameters':>12}{'multiply-adds':>15}"
    lines: list[Line] = [[words(heads, inks.dim)]]
    for layer, output in list(zip(layers, outputs, strict=True))[start : start + most]:
        busy = inks.text if layer.parameters else inks.dim
        lines.append(
            [
                words(f"{cut(layer.name, name_width):{name_width}}  ", inks.strong if layer.parameters else inks.dim),
                words(f"{cut(layer.kind, kind_width):{kind_width}}", busy),
                words(f"{output:>{output_width}}", busy),
                words(f"{layer.parameters:>12,}" if layer.parameters else f"{'–':>12}", busy),
                words(f"{layer.multiply_adds:>15,}" if layer.multiply_adds else f"{'–':>15}", busy),
            ]
        )
    return [fitted(line, width) for line in lines]


def size(count: float) -> str:
    """Bytes in words: "2.2 MB"."""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count:.0f} bytes"
