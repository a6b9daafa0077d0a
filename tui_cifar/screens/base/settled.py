"""Screens that keep to the terminal's present size."""

from __future__ import annotations

from textual import events
from textual.message_pump import MessagePump


class Settled(MessagePump):
    """The first base of a screen that passes over news of a size which is no longer the terminal's.

    Two changes of size in quick succession, as when a window is dragged, would otherwise never come to rest: at each piece
    of news Textual (8.2) lays the screen out and sends it the size that it has now, so that the two sizes follow one another
    through its queue for ever, and nothing else is done. It is no screen itself, because Textual takes styles from the
    first base that is one.
    """

    async def on_event(self, event: events.Event) -> None:
        """Leave an outdated size out."""
        if not (isinstance(event, events.Resize) and event.size != self.app.size):
            await super().on_event(event)
