"""What the terminal, and the line to it, can do: found in the environment, before Textual is imported."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

TRUE_COLOUR = ("alacritty", "contour", "foot", "ghostty", "wezterm", "xterm-ghostty", "xterm-kitty")
"""Values of TERM whose terminals show 16 million colours, which TERM itself can't express."""
FRAMES, REMOTE_FRAMES = 30, 15
"""Frames per second on this machine, and over SSH."""


def why_no_dashboard() -> str:
    """Why the dashboard can't be shown here, in a few words; empty if it can."""
    try:
        interactive = os.isatty(sys.stdin.fileno()) and os.isatty(sys.stdout.fileno())
    except (AttributeError, ValueError, OSError):  # closed, or replaced by something without a file
        interactive = False
    if not interactive:
        return "the dashboard needs a terminal on standard input and output"
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        return "the terminal (TERM=dumb) can't show the dashboard"
    return ""


def tune_for_line(fps: int | None) -> int:
    """Frames per second to send: `fps`, or else what suits the line. Also turns off animations over SSH, and sets colours.

    To be called before Textual is imported, which reads these variables then. Textual itself draws at a high frame rate in
    any case, because it waits for the next frame after each key; the surplus frames are not sent.
    """
    remote = bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))
    os.environ["TEXTUAL_FPS"] = "120"
    if remote:
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    term = os.environ.get("TERM", "")
    if term in TRUE_COLOUR or term.endswith("-direct"):
        os.environ.setdefault("COLORTERM", "truecolor")  # which SSH does not pass on
    elif re.fullmatch(r"vt\d+.*|.*-(m|mono)", term):
        os.environ.setdefault("NO_COLOR", "1")
    return fps or (REMOTE_FRAMES if remote else FRAMES)


def unicode_locale() -> bool:
    """Whether the terminal shows UTF-8, going by the locale. Without a locale most terminals do, but tmux and screen don't."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if (value := os.environ.get(name)) and not (name == "LC_CTYPE" and _set_by_python(name, value)):
            return "utf8" in value.lower().replace("-", "")
    return not (os.environ.get("TMUX") or os.environ.get("STY"))


def _set_by_python(name: str, value: str) -> bool:
    """Whether Python itself set a variable: in the C locale it coerces LC_CTYPE to UTF-8 (PEP 538), which terminals don't."""
    try:
        return f"{name}={value}".encode() not in Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def in_tmux() -> bool:
    """Whether a terminal multiplexer is between this program and the terminal."""
    return bool(os.environ.get("TMUX")) or os.environ.get("TERM", "").startswith(("tmux", "screen"))
