"""What was saved when, and what failed."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from engine.events.types import CheckpointFailed, CheckpointSaved, CheckpointSkipped, Event
from tui_cifar.widgets.panels.panel import Panel


class CheckpointLog(Panel):
    """Checkpoints, the newest first."""

    parts = ("checkpoints",)

    def draw(self) -> RenderableType:
        """As many lines as fit, or what they wait for."""
        events = self.view.checkpoints
        saved = sum(isinstance(e, CheckpointSaved) for e in events)
        folder = (
            str(Path(next(e.path for e in reversed(events) if isinstance(e, CheckpointSaved))).parent) if saved else ""
        )
        self.titles("Checkpoints", ("", folder))
        if not events:
            return self.waiting("Saved after each epoch, and when you press s.")
        newest = [
            self._line(e) for _, e in zip(range(max(1, self.content_size.height)), reversed(events), strict=False)
        ]
        return self.lines(newest)

    def _line(self, event: Event) -> Text:
        dim = self.ink("dim")
        line = Text(time.strftime("%H:%M:%S", time.localtime(event.time)) + " ", dim, no_wrap=True, overflow="ellipsis")
        if isinstance(event, CheckpointSaved):
            at = (
                f"epoch {event.epoch}"
                if event.reason in ("best", "epoch")
                else f"epoch {event.epoch}, batch {event.step:,}"
            )
            line.append(f"{at}  ", self.ink("foreground"))
            if event.reason == "best" and event.valid_loss is not None:
                old = "first" if event.previous_best is None else f"{event.previous_best:.4f}"
                line.append(f"{old} → {event.valid_loss:.4f} ★ ", self.ink("foreground"))
            elif event.reason == "epoch" and event.valid_loss is not None:
                line.append(f"{event.valid_loss:.4f}  ", dim)
            else:
                why = {"asked": "asked for  ", "time": "in between  "}.get(event.reason, "at the stop  ")
                line.append(why, self.ink("foreground"))
            line.append(Path(event.path).name, dim)
        elif isinstance(event, CheckpointFailed):
            line.append(f"✗ epoch {event.epoch} not saved: {event.error}", self.ink("error"))
        elif isinstance(event, CheckpointSkipped):
            line.append(f"✗ skipped: {event.error}", self.ink("error"))
        return Text(self.word(line.plain), spans=line.spans, style=line.style, no_wrap=True, overflow="ellipsis")
