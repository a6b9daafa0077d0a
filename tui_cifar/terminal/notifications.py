"""Escape sequences for what lies outside the screen: the terminal's title, its bell, a notification of the desktop."""

from __future__ import annotations

import os
from collections.abc import Mapping

NOTIFIERS = ("auto", "bell", "osc9", "osc777")
KEEP_TITLE, RESTORE_TITLE = "\x1b[22;2t", "\x1b[23;2t"
"""The terminal keeps its title aside, and takes it back (xterm and most that followed; others ignore it)."""

MAX_TITLE = 120


def title(text: str) -> str:
    """Sets the title of the window (OSC 2)."""
    return f"\x1b]2;{harmless(text)[:MAX_TITLE]}\x07"


def notification(how: str, heading: str, text: str, environment: Mapping[str, str] | None = None) -> str:
    """Tells the user that something is over: the bell, and where asked for a notification of the desktop.

    Args:
        how: "bell"; "osc9" (iTerm2, WezTerm, kitty, Windows Terminal, …); "osc777" (VTE, foot, Ghostty, rxvt); "auto"
            takes the one of the two that the environment speaks for.
        heading: short.
        text: one line.
        environment: of the process.
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
    if environment.get("TMUX"):  # tmux passes on what is wrapped so, if its option allow-passthrough is on
        sequence = f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
    return sequence + "\x07"


def harmless(text: str) -> str:
    """Printable ASCII only: a title must not end early, nor carry another sequence."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)
