"""What commands that open the dashboard have in common: its flags, and getting the terminal ready."""

from __future__ import annotations

import argparse
from typing import Any

from tui_cifar.app.gc_tuning import disable_gc_until_first_frame
from tui_cifar.cli.arguments import FlagGroup, usage_error
from tui_cifar.terminal.capabilities import tune_for_line, unicode_locale, why_no_dashboard


def add_dashboard_flags(group: FlagGroup) -> None:
    """Flags that say how things are shown."""
    group.add_argument(
        "--images",
        choices=("half", "ascii", "off"),
        default=None,
        help="show images as half-blocks, as letters, or not at all",
    )
    group.add_argument(
        "--ascii",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="use ASCII characters only (default: if the locale is not UTF-8)",
    )
    group.add_argument(
        "--theme",
        metavar="NAME",
        default=None,
        help="cifar-dark, cifar-light, ansi-dark or ansi-light (the terminal's own colours), or another of Textual's "
        "(default: the last one used)",
    )
    group.add_argument(
        "--fps",
        type=_fps,
        metavar="N",
        default=None,
        help="draw at most N times a second, 1 to 60 (default: 30; over SSH 15, without animations)",
    )
    group.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal, for selecting text")


def _fps(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 60")
    return int(text)


def open_terminal(options: argparse.Namespace, otherwise: str = "") -> dict[str, Any]:
    """Make sure that there is a terminal, and get it ready for the dashboard.

    Args:
        options: parsed flags of `add_dashboard_flags`.
        otherwise: a sentence on what to do where there is no terminal.

    Returns:
        Keyword arguments for `tui_cifar.app.launch`, which can then be imported.
    """
    fps = tune_for_line(options.fps)
    if reason := why_no_dashboard():
        usage_error(f"{reason}. {otherwise}".rstrip())
    disable_gc_until_first_frame()
    return {
        "images": options.images,
        "ascii": not unicode_locale() if options.ascii is None else options.ascii,
        "theme": options.theme,
        "fps": fps,
        "mouse": not options.no_mouse,
    }
