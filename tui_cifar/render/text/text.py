"""Numbers, times and bars as short text."""

from __future__ import annotations

from engine.runtime.atomic_io import expand_path

ASCII_FOR = str.maketrans(
    {
        "─": "-",
        "━": "=",
        "╸": "=",
        "│": "|",
        "┤": "+",
        "├": "+",
        "┌": "+",
        "┐": "+",
        "└": "+",
        "┘": "+",
        "┬": "+",
        "┴": "+",
        "┼": "+",
        "★": "*",
        "●": "*",
        "✓": "+",
        "✗": "x",
        "→": ">",
        "…": "~",
        "·": "-",
        "−": "-",
        "—": "-",
        "◂": "<",
        "▸": ">",
        "°": "",
        "×": "x",
        "█": "#",
        "▉": "#",
        "▊": "#",
        "▋": "#",
        "▌": "=",
        "▍": "-",
        "▎": "-",
        "▏": "-",
        "–": "-",
        "←": "<",
        "↔": "/",
        "↑": "^",
        "↓": "v",
        "▾": "v",
        "±": "+",
        "▁": "_",
        "▂": ".",
        "▃": "-",
        "▄": "=",
        "▅": "+",
        "▆": "*",
        "▇": "#",
    }
)
"""What stands for a character where only plain ones can be shown."""
ASCII_FOR.update({c: "-" for c in range(0x2500, 0x2580) if c not in ASCII_FOR})  # other lines
ASCII_FOR.update({ord(c): "|" for c in "┃║╎╏┆┇┊┋╽╿"})
ASCII_FOR.update({ord(c): "+" for c in "╭╮╰╯┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬"})
ASCII_FOR.update({c: "#" for c in range(0x2580, 0x25A0) if c not in ASCII_FOR})  # other blocks
ASCII_FOR.update({ord(c): " " for c in "▔▁░\u2800\u00a0"})
ASCII_FOR.update({c: ":" for c in range(0x2801, 0x2900)})  # braille
ASCII_FOR.update({ord(a): b for a, b in zip("▲▼◀▶◄►◂▸↑↓←→⏎↵•–’‘“”≤≥Δ", "^v<><><>^v<>//*-''\"\"<>d", strict=True)})


def plain(text: str) -> str:
    """The text with no character above 127."""
    return text.translate(ASCII_FOR).encode("ascii", "replace").decode("ascii")


def duration(seconds: float) -> str:
    """ "2.1 s", "1:05", "2:03:04"."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def countdown(seconds: float) -> str:
    """Time left, in steps that do not flicker: "0:42", "12:05", "3:20:00"."""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def rate(value: float) -> str:
    """A learning rate: "0.01", "0.0004", "3e-05"."""
    return f"{value:.4g}"


def cut(text: str, width: int) -> str:
    """At most `width` characters, the last one … where some are missing."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…" if width > 0 else ""


def cut_before(text: str, width: int) -> str:
    """At most `width` characters, the last ones, as of a path; the first is … where some are missing."""
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :] if width > 0 else ""


def bar(fraction: float, width: int, *, ascii: bool = False) -> str:
    """A bar of `width` cells, `fraction` of it filled; any share above 0 shows at least half a cell."""
    fraction = min(1.0, max(0.0, fraction)) if fraction == fraction else 0.0
    if ascii:
        return ("#" * round(fraction * width)).ljust(width)
    halves = round(fraction * width * 2) or int(fraction > 0.004)
    return ("━" * (halves // 2) + "╸" * (halves % 2)).ljust(width)[:width]


def place(path: str) -> str:
    """A path as its user would write it: from home, where it lies there."""
    home = str(expand_path("~")).rstrip("/")
    return f"~{path.removeprefix(home)}" if home and path.startswith(f"{home}/") else path


def weights_of(epoch: int, step: int) -> str:
    """Which weights, in words: "epoch 18", "epoch 3, batch 120", "before training"."""
    if epoch < 1:
        return "before training"
    return f"epoch {epoch}" + (f", batch {step}" if step else "")
