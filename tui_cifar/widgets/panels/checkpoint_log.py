"""Which checkpoints were saved when, and what failed."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from engine.events.types import CheckpointFailed, CheckpointSaved, CheckpointSkipped, Event
from tui_cifar.widgets.panels.panel import Panel

REASONS = {"asked": "manual", "time": "periodic"}
"""Why a checkpoint was saved within an epoch; for any other reason the run was about to end."""


class CheckpointLog(Panel):
    """Checkpoints, the latest first."""

    DEFAULT_CSS = "CheckpointLog { height: 4; }"
    parts = ("checkpoints",)

    def draw(self) -> RenderableType:
        latest_first = list(reversed(self.state.checkpoints))
        folder = next((str(Path(e.path).parent) for e in latest_first if isinstance(e, CheckpointSaved)), "")
        self.titles("Checkpoints", ("", folder))
        if not latest_first:
            return self.waiting("Saved after each epoch, and when you press s.")
        return self.lines(self._line(e) for e in latest_first[: max(1, self.content_size.height)])

    def _line(self, event: Event) -> Text:
        dim, text = self.style_of("dim"), self.style_of("foreground")
        line = Text(time.strftime("%H:%M:%S ", time.localtime(event.time)), dim, no_wrap=True, overflow="ellipsis")
        if isinstance(event, CheckpointSaved):
            at_the_end = event.reason in ("best", "epoch")
            line.append(f"epoch {event.epoch}" + ("  " if at_the_end else f", batch {event.step:,}  "), text)
            if event.reason == "best" and event.valid_loss is not None:
                before = "first, " if event.previous_best is None else f"{event.previous_best:.4f} → "
                line.append(f"{before}{event.valid_loss:.4f} ★ ", text)
            elif event.reason == "epoch" and event.valid_loss is not None:
                line.append(f"{event.valid_loss:.4f}  ", dim)
            else:
                line.append(f"{REASONS.get(event.reason, 'on exit')}  ", text)
            line.append(Path(event.path).name, dim)
        elif isinstance(event, CheckpointFailed):
            line.append(f"✗ epoch {event.epoch} not saved: {event.error}", self.style_of("error"))
        elif isinstance(event, CheckpointSkipped):
            line.append(f"✗ skipped: {event.error}", self.style_of("error"))
        return Text(self.printable(line.plain), spans=line.spans, style=line.style, no_wrap=True, overflow="ellipsis")
