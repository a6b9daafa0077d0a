"""The layers of a network as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment

from engine.events.types import LayerDescribed
from tui_cifar.render.look import Look
from tui_cifar.render.text.format import bar, cut, cut_start
from tui_cifar.render.text.line import Line, fitted


def layer_lines(layers: Sequence[LayerDescribed], width: int, start: int, most: int, look: Look) -> list[Line]:
    """A line of heads and `most` of the layers from `start` on; with bars if there is room."""
    styles = look.styles
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
    lines: list[Line] = [[Segment(f"{heads}{blank}{'multiply-adds':>15}{blank}", styles.dim)]]
    for layer, output in list(zip(layers, outputs, strict=True))[start : start + most]:
        style = styles.text if layer.parameters else styles.dim
        bars = [
            Segment(f"  {bar(share, room, ascii=look.ascii)}" if room else "", styles.dim)
            for share in (layer.parameters / most_parameters, layer.multiply_adds / most_work)
        ]
        lines.append(
            [
                Segment(
                    f"{cut_start(layer.name, name_width):{name_width}}  ",
                    styles.strong if layer.parameters else styles.dim,
                ),
                Segment(f"{cut(layer.kind, kind_width):{kind_width}}", style),
                Segment(f"{output:>{output_width}}", style),
                Segment(f"{layer.parameters:>12,}" if layer.parameters else f"{'–':>12}", style),
                bars[0],
                Segment(f"{layer.multiply_adds:>15,}" if layer.multiply_adds else f"{'–':>15}", style),
                bars[1],
            ]
        )
    return [fitted(line, width) for line in lines]
