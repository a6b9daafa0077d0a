"""Tables of the data: images by class and split, pixel statistics, duplicates."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from engine.events.types import SplitDescribed
from tui_cifar.render.look import Look, Styles
from tui_cifar.render.text.format import SPLITS, bar, cut, cut_start
from tui_cifar.render.text.line import Line, fitted


def count_table(
    splits: Sequence[SplitDescribed], names: Sequence[str], width: int, most: int, look: Look
) -> list[Line]:
    """How many images of each class there are in each split, with a bar for the training split if there is room.

    Args:
        most: the number of lines that fit.
    """
    styles, (name_width, cell) = look.styles, _columns(names, width)
    room = min(40, width - name_width - 3 * cell - 2)
    lines: list[Line] = [[Segment(f"{'class':{name_width}}{_heads(splits, cell)}", styles.dim)]]
    top = max((s.per_class[i] for s in splits[:1] for i in range(len(names))), default=1)
    shown = list(range(len(names)))[: max(1, most - 2 if len(names) <= most - 2 else most - 3)]
    for i in shown:
        line: Line = [Segment(f"{cut(names[i], name_width):{name_width}}", styles.text)]
        line += [Segment(f"{s.per_class[i]:>{cell},}", styles.text) for s in splits]
        if room >= 6 and splits:
            filled = bar(splits[0].per_class[i] / max(1, top), room, ascii=look.ascii)
            line.append(Segment(f"  {filled}", styles.dim))
        lines.append(line)
    if len(shown) < len(names):
        lines.append([Segment(f"{len(names) - len(shown)} more …", styles.dim)])
    totals = "".join(f"{sum(s.per_class):>{cell},}" for s in splits)
    lines.append([Segment(f"{'all':{name_width}}{totals}", styles.strong)])
    return [fitted(line, width) for line in lines]


def pixel_table(
    splits: Sequence[SplitDescribed], names: Sequence[str], width: int, styles: Styles, *, heads: bool = False
) -> list[Line]:
    """Mean and standard deviation of each colour channel by split, in the columns of `count_table`.

    Args:
        heads: begin with a line of heads.
    """
    name_width, cell = _columns(names, width)
    room = width - name_width - len(splits) * cell
    unit = next((t for t in ("  pixel mean ± std (0–255)", "  mean ± std") if len(t) <= room), "")
    lines: list[Line] = []
    if heads:
        lines.append([Segment(f"{'channel':{name_width}}{_heads(splits, cell)}", styles.dim)])
    for i, name in enumerate(("red", "green", "blue")):
        figures = "".join(f"{f'{s.mean[i]:.1f} ±{s.spread[i]:.1f}':>{cell}}" for s in splits)
        line: Line = [Segment(f"{name:{name_width}}{figures}", styles.text)]
        lines.append([*line, Segment(unit, styles.dim)] if i == 0 else line)
    return [fitted(line, width) for line in lines]


def _heads(splits: Sequence[SplitDescribed], cell: int) -> str:
    return "".join(f"{SPLITS.get(s.name, s.name):>{cell}}" for s in splits)


def _columns(names: Sequence[str], width: int) -> tuple[int, int]:
    """Columns of the names, and of the figures of each split."""
    return max(7, min(max(map(len, names), default=7), max(8, width // 5))), 12 if width < 90 else 16


def duplicate_lines(pairs: Sequence[str], width: int, styles: Styles) -> list[Line]:
    """Duplicate images: first those in both training and test, then those with different classes, then the others.

    Args:
        pairs: "train/cat/a.jpg = test/cat/b.jpg" or "train 4 (cat) = test 7 (cat)".
    """
    rows: list[tuple[bool, bool, str, str, str]] = []
    for pair in pairs:
        first, _, later = pair.partition(" = ")
        (split, label), (other_split, other_label) = _split_and_class(first), _split_and_class(later)
        remarks = [f"in {SPLITS.get(split, split)} and {SPLITS.get(other_split, other_split)}"] * (split != other_split)
        remarks += ["different classes"] * (label != other_label)
        rows.append((split == other_split, label == other_label, first, later, ", ".join(remarks)))
    rows.sort(key=lambda row: row[:2])
    longest, longest_later, longest_remark = (max((len(str(row[i])) for row in rows), default=0) for i in (2, 3, 4))
    room = width - 5 - (longest_remark + 2 if longest_remark else 0)
    left = min(longest, max(room // 2, room - longest_later))
    right = min(longest_later, room - left)
    return [
        [
            Segment(f"  {cut_start(first, left):{left}} = {cut_start(later, right):{right}}", styles.text),
            Segment(f"  {remark}" if remark else "", styles.strong if same_split else styles.wrong),
        ]
        for same_split, _, first, later, remark in rows
    ]


def _split_and_class(name: str) -> tuple[str, str]:
    """Of an image's name, as `duplicate_lines` gets them."""
    split, slash, rest = name.partition("/")
    return (split, rest.partition("/")[0]) if slash else (name.split(" ")[0], name.partition("(")[2].rstrip(")"))
