"""Escape sequences for what is outside the screen: the terminal's title, its bell, desktop notifications."""

from __future__ import annotations

import os
from collections.abc import Mapping

NOTIFIERS = ("auto", "bell", "osc9", "osc777")
KEEP_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
"""Push the terminal's title on a stack, and pop it (xterm and most others; the rest ignore it)."""

MAX_TITLE = 120


def title(text: str) -> str:
    """The sequence that sets the title of the window (OSC 2)."""
    return f"\x1b]2;{harmless(text)[:MAX_TITLE]}\x07"


def notification(how: str, heading: str, text: str, environment: Mapping[str, str] | None = None) -> str:
    """The sequence that rings the bell, and unless `how` is "bell" shows a desktop notification.

    Args:
        how: "osc9" (iTerm2, WezTerm, kitty, Windows Terminal, …), "osc777" (VTE, foot, Ghostty, rxvt), "auto" for the one of
            these that the environment suggests, or "bell".
        heading: the title of the notification.
        text: its text, one line.
        environment: environment variables; those of the process by default.
    """
    environment = os.environ if environment is None else environment
    if how == "auto":
        how = (
            "osc777"
            if "VTE_VERSION" in environment or environment.get("TERM", "").startswith(("foot", "rxvt"))
            else "osc9"
        )
    heading, text = harmless(heading), harmless(text)
    if how == "bell":
        return "\x07"
    sequence = (
        f"\x1b]777;notify;{heading.replace(';', ',')};{text}\x07"
        if how == "osc777"
        else f"\x1b]9;{heading}: {text}\x07"
    )
    if environment.get("TMUX"):  # tmux passes this on if its option allow-passthrough is on
        sequence = f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
    return sequence + "\x07"


def harmless(text: str) -> str:
    """The text with everything but printable ASCII replaced, so that it can't end its sequence early or contain another."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)
