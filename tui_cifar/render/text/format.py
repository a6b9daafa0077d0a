"""Numbers, times, paths and bars as short text."""

from __future__ import annotations

from engine.runtime.atomic_io import expand_path

SPLITS = {"train": "training", "valid": "validation", "test": "test"}
"""The splits in words."""


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: "1 epoch", "12 epochs", "2,000 classes"."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def duration(seconds: float) -> str:
    """How long something took: "2.1 s", "1:05", "2:03:04"."""
    return f"{seconds:.1f} s" if seconds < 59.95 else countdown(seconds)


def countdown(seconds: float) -> str:
    """Time left, in whole seconds: "0:42", "12:05", "3:20:00"."""
    minutes, second = divmod(max(0, round(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def learning_rate(value: float) -> str:
    """A learning rate: "0.01", "0.0004", "3e-05"."""
    return f"{value:.4g}"


def signed(value: float, decimals: int) -> str:
    """A number with its sign, and a real minus: "+0.12", "−3.40"."""
    return f"{value:+.{decimals}f}".replace("-", "−")


def cut(text: str, width: int) -> str:
    """The text, cut to `width` characters; it ends in … if anything is missing."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…" if width > 0 else ""


def cut_start(text: str, width: int) -> str:
    """The last `width` characters, which say most of a path; they begin with … if anything is missing."""
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :] if width > 0 else ""


def bar(fraction: float, width: int, *, ascii: bool = False) -> str:
    """A bar of `width` cells, `fraction` of it filled; any fraction above 0.4 % shows at least half a cell."""
    fraction = min(1.0, max(0.0, fraction)) if fraction == fraction else 0.0
    if ascii:
        return ("#" * round(fraction * width)).ljust(width)
    halves = round(fraction * width * 2) or int(fraction > 0.004)
    return ("━" * (halves // 2) + "╸" * (halves % 2)).ljust(width)[:width]


def size(count: float) -> str:
    """A size in bytes: "2.2 MB"."""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= step:
            return f"{count / step:.1f} {unit}"
    return f"{count:.0f} bytes"


def short_path(path: str) -> str:
    """A path as its user would write it, with ~ for the home directory."""
    home = str(expand_path("~")).rstrip("/")
    return f"~{path.removeprefix(home)}" if home and path.startswith(f"{home}/") else path
