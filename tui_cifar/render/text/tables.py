"""Tables of the data and of the network."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events.types import LayerDescribed, SplitDescribed
from tui_cifar.render.images.mosaic import Line
from tui_cifar.render.text.ink import Inks, fitted, words
from tui_cifar.render.text.text import bar, cut, cut_before

SPLITS = {"train": "training", "valid": "validation", "test": "test"}


def count_table(
    splits: Sequence[SplitDescribed], names: Sequence[str], width: int, most: int, inks: Inks, *, ascii: bool = False
) -> list[Line]:
    """Images by class and split, a bar for the training ones.

    Args:
        most: lines that there is room for.
    """
    name_width, cell = _columns(names, width)
    room = min(40, width - name_width - 3 * cell - 2)
    heads = f"{'class':{name_width}}" + "".join(f"{SPLITS.get(s.name, s.name):>{cell}}" for s in splits)
    lines: list[Line] = [[words(heads, inks.dim)]]
    top = max((s.per_class[i] for s in splits[:1] for i in range(len(names))), default=1)
    shown = list(range(len(names)))[: max(1, most - 2 if len(names) <= most - 2 else most - 3)]
    for i in shown:
        line: Line = [words(f"{cut(names[i], name_width):{name_width}}", inks.text)]
        line += [words(f"{s.per_class[i]:>{cell},}", inks.text) for s in splits]
        if room >= 6 and splits:
            line.append(words("  " + bar(splits[0].per_class[i] / max(1, top), room, ascii=ascii), inks.dim))
        lines.append(line)
    if len(shown) < len(names):
        lines.append([words(f"{len(names) - len(shown)} more …", inks.dim)])
    total = f"{'all':{name_width}}" + "".join(f"{sum(s.per_class):>{cell},}" for s in splits)
    return [fitted(line, width) for line in [*lines, [words(total, inks.strong)]]]


def colour_table(
    splits: Sequence[SplitDescribed], names: Sequence[str], width: int, inks: Inks, *, heads: bool = False
) -> list[Line]:
    """Mean and spread of each colour's bytes by split, in the columns of `count_table`, with heads of its own if asked for."""
    name_width, cell = _columns(names, width)
    room = width - name_width - len(splits) * cell
    told = next((t for t in ("  mean and spread of the bytes", "  mean ±spread") if len(t) <= room), "")
    lines: list[Line] = []
    if heads:
        of = "".join(f"{SPLITS.get(s.name, s.name):>{cell}}" for s in splits)
        lines.append([words(f"{'bytes':{name_width}}{of}", inks.dim)])
    for i, name in enumerate(("red", "green", "blue")):
        figures = "".join(f"{f'{s.mean[i]:.1f} ±{s.spread[i]:.1f}':>{cell}}" for s in splits)
        lines.append([words(f"{name:{name_width}}{figures}", inks.text), *([words(told, inks.dim)] if i == 0 else [])])
    return [fitted(line, width) for line in lines]


def _columns(names: Sequence[str], width: int) -> tuple[int, int]:
    """Columns of the classes' names and of each split's figures."""
    return max(5, min(max(map(len, names), default=5), max(8, width // 5))), 12 if width < 90 else 16


def duplicate_lines(pairs: Sequence[str], width: int, inks: Inks) -> list[Line]:
    """Images that are there twice, those first that are in training and in test, then those with two classes.

    Args:
        pairs: "train/cat/a.jpg = test/cat/b.jpg" or "train 4 (cat) = test 7 (cat)".
    """
    told: list[tuple[bool, bool, str, str, str]] = []
    for pair in pairs:
        first, _, later = pair.partition(" = ")
        (split, label), (other_split, other_label) = _split_and_class(first), _split_and_class(later)
        remark = "in training and test" if split != other_split else ""
        remark += (", " if remark else "") + "two classes" if label != other_label else ""
        told.append((split == other_split, label == other_label, first, later, remark))
    told.sort(key=lambda t: t[:2])
    longest, longest_later, longest_remark = (
        max(map(len, column), default=0)
        for column in ([t[2] for t in told], [t[3] for t in told], [t[4] for t in told])
    )
    room = width - 5 - (longest_remark + 2 if longest_remark else 0)
    left = min(longest, max(room // 2, room - longest_later))
    right = min(longest_later, room - left)
    return [
        [
            words(f"  {cut_before(first, left):{left}} = {cut_before(later, right):{right}}", inks.text),
            words(f"  {remark}" if remark else "", inks.wrong if not same_split else inks.strong),
        ]
        for same_split, _, first, later, remark in told
    ]


def _split_and_class(name: str) -> tuple[str, str]:
    """Of an image's name, as `duplicate_lines` has them."""
    split, slash, rest = name.partition("/")
    return (split, rest.partition("/")[0]) if slash else (name.split(" ")[0], name.partition("(")[2].rstrip(")"))


def layer_lines(
    layers: Sequence[LayerDescribed], width: int, start: int, most: int, inks: Inks, *, ascii: bool = False
) -> list[Line]:
    """The layers, `most` of them from `start` on, under their heads; where there is room, their shares as bars."""
    name_width = max(5, min(max((len(x.name) for x in layers), default=5), max(8, width // 5)))
    outputs = ["×".join(map(str, x.output)) for x in layers]
    output_width = max(12, *(len(o) + 2 for o in outputs)) if layers else 12
    kind_width = min(34, width - name_width - output_width - 12 - 15 - 2)
    kind_width = kind_width if kind_width >= 10 else 0  # the numbers matter more
    room = min(40, (width - name_width - kind_width - output_width - 12 - 15 - 2) // 2 - 2)
    room = room if room >= 8 else 0
    most_parameters = max((x.parameters for x in layers), default=0) or 1
    most_work = max((x.multiply_adds for x in layers), default=0) or 1
    blank = " " * (room + 2 if room else 0)
    heads = f"{'layer':{name_width}}  {'type'[:kind_width]:{kind_width}}{'output':>{output_width}}{'parameters':>12}"
    lines: list[Line] = [[words(f"{heads}{blank}{'multiply-adds':>15}{blank}", inks.dim)]]
    for layer, output in list(zip(layers, outputs, strict=True))[start : start + most]:
        busy = inks.text if layer.parameters else inks.dim
        shares = (layer.parameters / most_parameters, layer.multiply_adds / most_work)
        bars = [words("  " + bar(s, room, ascii=ascii) if room else "", inks.dim) for s in shares]
        lines.append(
            [
                words(
                    f"{cut_before(layer.name, name_width):{name_width}}  ",
                    inks.strong if layer.parameters else inks.dim,
                ),
                words(f"{cut(layer.kind, kind_width):{kind_width}}", busy),
                words(f"{output:>{output_width}}", busy),
                words(f"{layer.parameters:>12,}" if layer.parameters else f"{'–':>12}", busy),
                bars[0],
                words(f"{layer.multiply_adds:>15,}" if layer.multiply_adds else f"{'–':>15}", busy),
                bars[1],
            ]
        )
    return [fitted(line, width) for line in lines]


def size(count: float) -> str:
    """Bytes in words: "2.2 MB"."""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count:.0f} bytes"
