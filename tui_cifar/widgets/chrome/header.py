"""Two lines at the top: which run this is, its state and its progress."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from engine.events.types import RunCompleted, RunFailed
from tui_cifar.app.theme import style
from tui_cifar.render.text.ascii import plain
from tui_cifar.render.text.format import countdown, plural
from tui_cifar.run.state import RunState

_STATE_COLOURS = {"PAUSED": "warning", "DONE": "success", "FAILED": "error", "STOPPED": "warning", "CRASHED": "error"}
_WIDE = 100
"""Columns from which device and tuning are named in full."""
_BAR_WIDTH, _NARROW_BAR_WIDTH = 20, 10


class RunHeader(Static):
    """The header of a run."""

    DEFAULT_CSS = "RunHeader { height: 2; padding: 0 1; }"

    def __init__(self, state: RunState | None = None, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self._state, self._resources = state, ""
        self._drawn = ""

    def on_resize(self) -> None:
        """Fit the new size; and be there in the first frame, before anyone calls `show`."""
        if self._state is not None:
            self.show(self._state, self._resources)

    def show(self, state: RunState, resources: str = "") -> None:
        """Draw again, if any word has changed.

        Args:
            resources: what the run uses, the most important first, separated by two blanks.
        """
        self._state, self._resources = state, resources
        width = self.content_size.width
        if width <= 0:
            return
        text = Text("\n").join([self._first(state, width), self._second(state, width, resources)])
        if self.ascii:
            text = Text(plain(text.plain), spans=text.spans)
        if (key := f"{text.markup}{self.app.theme}") != self._drawn:
            self._drawn = key
            self.update(text, layout=False)

    def _style(self, name: str) -> str:
        return style(self.app.theme_variables, name)

    def _first(self, state: RunState, width: int) -> Text:
        right = Text(f"● {state.status}", f"bold {self._style(_STATE_COLOURS.get(state.status, 'accent'))}")
        started, dim = state.started, f"not bold {self._style('dim')}"
        if started is None:
            return _between(Text("cifar-tui", "bold"), right, width)
        device = f"{started.device} {started.device_name}" if width >= _WIDE else started.device
        left = Text(started.name, "bold")
        left.append(f"  {started.config['recipe']} · {started.dataset} · {device}", dim)
        if width >= _WIDE and started.device == "cpu":
            left.append(f" · {plural(started.threads, 'thread')} · {started.precision} · {started.reason}", dim)
        return _between(left, right, width)

    def _second(self, state: RunState, width: int, resources: str) -> Text:
        dim = self._style("dim")
        left, right = self._progress(state), Text(resources, dim)
        if left.cell_len + right.cell_len + 3 > width:
            right = Text(resources.split("  ")[0], dim)
        if left.cell_len + right.cell_len + 3 > width:
            right = Text()
        return _between(left, right, width)

    def _progress(self, state: RunState) -> Text:
        """How far the run is, or how it ended."""
        dim, line, ended = self._style("dim"), Text(), state.ended
        if isinstance(ended, RunCompleted):
            line.append(f"test accuracy {ended.test_accuracy:.1%}", "bold").append(f"  loss {ended.test_loss:.3f}")
            took = f"{plural(ended.epochs, 'epoch')} in {countdown(ended.seconds)}"
            line.append(f"   best epoch {ended.best_epoch}  {took}", dim)
        elif isinstance(ended, RunFailed):
            line.append(ended.title, "bold").append(f"  {ended.message}", dim)
        elif ended is not None:
            line.append(f"epoch {state.epoch}/{state.epochs}" if state.epochs else "before the first epoch")
            line.append("   q quits; --resume continues the run", dim)
        elif state.started is None:
            self._preparation(line, state)
        else:
            line.append(f"epoch {state.epoch}/{state.epochs} ").append(self._bar(state.fraction))
            line.append(f" {int(state.fraction * 100):3} %")
            line.append(f"  {state.images_per_second:>6,.0f} img/s" if state.images_per_second else "")
            if state.seconds_left is not None:
                line.append(f"  left {countdown(state.seconds_left)}")
        return line

    def _preparation(self, line: Text, state: RunState) -> None:
        p, dim = state.preparation, self._style("dim")
        if p is None:
            line.append("Starting …")
            return
        line.append(p.step)
        if p.done is not None and p.total:
            done = min(1.0, p.done / p.total)
            line.append(" ").append(self._bar(done)).append(f" {int(done * 100):3} %")
            amount = f"{p.done:,}/{p.total:,} {p.unit}"
            if p.unit == "bytes":
                amount = f"{p.done / 1e6:.1f}/{p.total / 1e6:.1f} MB"
            line.append(f"   {amount}", dim)
        elif p.detail:
            line.append(f"  {p.detail}", dim)
        line.append(" …")

    def _bar(self, fraction: float) -> Text:
        length = _BAR_WIDTH if self.content_size.width >= 70 else _NARROW_BAR_WIDTH
        filled = fraction * length
        whole = int(filled)
        if self.ascii:
            return Text("#" * whole + "-" * (length - whole))
        half = filled - whole >= 0.5
        bar = Text("━" * whole + ("╸" if half else ""), self._style("accent"))
        return bar.append("─" * (length - whole - half), self._style("line"))


def _between(left: Text, right: Text, width: int) -> Text:
    """A text at each end of a line; the left one is cut if there is no room for both."""
    room = width - right.cell_len - (1 if right.cell_len else 0)
    if left.cell_len > room:
        left = left.copy()
        left.truncate(max(0, room), overflow="ellipsis")
    line = left + Text(" " * max(0, width - left.cell_len - right.cell_len)) + right
    line.no_wrap = True
    return line
