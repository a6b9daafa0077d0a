"""The line of keys at the foot of a screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

ALWAYS = frozenset({"help", "leave"})
"""Actions whose keys are shown however narrow the terminal is: the way to all the others, and the way out."""


class KeyFooter(Footer):
    """As many keys as fit, the screen's own first; none is cut in half."""

    def compose(self) -> ComposeResult:
        """The keys, less the last of them where there is no room."""
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        room = self.app.size.width

        def width(key: FooterKey) -> int:
            return len(key.key_display) + len(key.description) + 3

        for key in reversed(keys):
            if sum(map(width, keys)) <= room:
                break
            if key.action not in ALWAYS:
                keys.remove(key)
        self.styles.grid_size_columns = max(1, len(keys))
        yield from keys
