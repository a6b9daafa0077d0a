"""Two lines on top: what runs where and in which state, and how far it is."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from engine.events.types import RunCompleted, RunFailed
from tui_cifar.app.theme import style
from tui_cifar.render.text.text import countdown, plain
from tui_cifar.run.state import RunState

_COLOURS = {"PAUSED": "warning", "DONE": "success", "FAILED": "error", "STOPPED": "warning"}
BAR_WIDTH = 20


class RunHeader(Static):
    """The header of a run."""

    DEFAULT_CSS = "RunHeader { height: 2; padding: 0 1; }"

    def __init__(self, view: RunState | None = None, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self._view, self._resources = view, ""
        self._drawn = ""

    def on_resize(self) -> None:
        """Fit the new size; be there in the first frame, before anybody calls `show`."""
        if self._view is not None:
            self.show(self._view, self._resources)

    def show(self, view: RunState, resources: str = "") -> None:
        """Draw, if a word of it changed."""
        self._view, self._resources = view, resources
        width = self.content_size.width
        if width <= 0:
            return
        text = Text("\n").join([self._first(view, width), self._second(view, width, resources)])
        if self.ascii:
            text = Text(plain(text.plain), spans=text.spans)
        if (key := f"{text.markup}{self.app.theme}") != self._drawn:
            self._drawn = key
            self.update(text, layout=False)

    def _ink(self, name: str) -> str:
        return style(self.app.theme_variables, name)

    def _first(self, view: RunState, width: int) -> Text:
        state = Text(f"● {view.state}", f"bold {self._ink(_COLOURS.get(view.state, 'accent'))}")
        if view.started is None:
            left = Text("cifar-tui", "bold")
        else:
            s = view.started
            where = f"{s.device} {s.device_name}" if width >= 100 else s.device
            left = Text(s.name, "bold").append(
                f"  {s.config['recipe']} · {s.dataset} · {where}", f"not bold {self._ink('dim')}"
            )
            if width >= 100 and s.device == "cpu":
                left.append(
                    f" · {s.threads} thread{'s' if s.threads != 1 else ''} · {s.precision} · {s.reason}",
                    f"not bold {self._ink('dim')}",
                )
        return _between(left, state, width)

    def _second(self, view: RunState, width: int, resources: str) -> Text:
        dim, line = self._ink("dim"), Text()
        ended = view.terminal
        if isinstance(ended, RunCompleted):
            line.append(f"test accuracy {ended.test_accuracy:.1%}", "bold").append(f"  loss {ended.test_loss:.3f}")
            line.append(f"   best epoch {ended.best_epoch}  {ended.epochs} epochs in {countdown(ended.seconds)}", dim)
        elif isinstance(ended, RunFailed):
            line.append(ended.title, "bold").append(f"  {ended.message}", dim)
        elif ended is not None:
            line.append(f"epoch {view.epoch}/{view.epochs}" if view.epochs else "before the first epoch")
            line.append("   q leaves; --resume goes on", dim)
        elif view.started is None:
            self._preparing(line, view)
        else:
            line.append(f"epoch {view.epoch}/{view.epochs} ").append(self._bar(view.fraction)).append(
                f" {int(view.fraction * 100):3} %"
            )
            line.append(f"  {view.images_per_second:>6,.0f} img/s" if view.images_per_second else "")
            if view.seconds_left is not None:
                line.append(f"  left {countdown(view.seconds_left)}")
        right = Text(resources, dim)
        if line.cell_len + right.cell_len + 3 > width:
            right = Text(resources.split("  ")[0], dim)
        if line.cell_len + right.cell_len + 3 > width:
            right = Text()
        return _between(line, right, width)

    def _preparing(self, line: Text, view: RunState) -> None:
        p = view.preparation
        if p is None:
            line.append("Starting …")
            return
        line.append(p.step)
        if p.done is not None and p.total:
            done = min(1.0, p.done / p.total)
            line.append(" ").append(self._bar(done)).append(f" {int(done * 100):3} %")
            amount = (
                f"{p.done / 1e6:.1f}/{p.total / 1e6:.1f} MB"
                if p.unit == "bytes"
                else f"{p.done:,}/{p.total:,} {p.unit}"
            )
            line.append(f"   {amount}", self._ink("dim"))
        elif p.detail:
            line.append(f"  {p.detail}", self._ink("dim"))
        line.append(" …")

    def _bar(self, fraction: float) -> Text:
        filled = fraction * BAR_WIDTH
        whole = int(filled)
        if self.ascii:
            return Text("#" * whole + "-" * (BAR_WIDTH - whole))
        half = filled - whole >= 0.5
        bar = Text("━" * whole + ("╸" if half else ""), self._ink("accent"))
        return bar.append("─" * (BAR_WIDTH - whole - half), self._ink("line"))


def _between(left: Text, right: Text, width: int) -> Text:
    """Left and right at the two ends of a line; the left one gives way."""
    room = width - right.cell_len - (1 if right.cell_len else 0)
    if left.cell_len > room:
        left = left.copy()
        left.truncate(max(0, room), overflow="ellipsis")
    line = left + Text(" " * max(0, width - left.cell_len - right.cell_len)) + right
    line.no_wrap = True
    return line
