"""ASCII stand-ins for the characters that the screens draw with."""

from __future__ import annotations

_PAIRS = (
    ("─━│┤├┌┐└┘┬┴┼╸", "-=|++++++++" + "+="),
    ("★●✓✗→…·−—–°×±", "**+x>~---" + "- x+"),
    ("◂▸◀▶◄►▲▼▾←→↔↑↓⏎↵", "<><><>^vv<>/^v//"),
    ("█▉▊▋▌▍▎▏▂▃▄▅▆▇", "####=---.-=+*#"),
    ("•‘’“”≤≥Δ", "*''\"\"<>d"),
    ("┃║╎╏┆┇┊┋╽╿", "|" * 10),
    ("╭╮╰╯┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬", "+" * 22),
    ("▔▁░\u2800\u00a0", " " * 5),
)
ASCII_FOR: dict[int, str] = {
    **dict.fromkeys(range(0x2500, 0x2580), "-"),  # other lines
    **dict.fromkeys(range(0x2580, 0x25A0), "#"),  # other blocks
    **dict.fromkeys(range(0x2800, 0x2900), ":"),  # braille
    **{ord(a): b for characters, letters in _PAIRS for a, b in zip(characters, letters, strict=True)},
}
"""What stands for a character where only ASCII can be shown."""
ASCII_FOR[ord("°")] = ""


def plain(text: str) -> str:
    """The text with no character above 127."""
    return text.translate(ASCII_FOR).encode("ascii", "replace").decode("ascii")
