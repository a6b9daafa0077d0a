"""Images as pixels: what is sent, decoded again."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from tui_cifar.render.images.protocols import kitty, placed, sixel


def image(side: int = 32) -> np.ndarray:
    """uint8 (side, side, 3), of 27 colours."""
    rng = np.random.default_rng(0)
    return rng.choice(np.array([0, 51, 255], dtype=np.uint8), (side, side, 3))


def sixel_pixels(text: str) -> np.ndarray:
    """What a terminal makes of a Sixel sequence: int (H, W, 3) in per cent; -1 where nothing was drawn."""
    found = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.DOTALL)
    assert found is not None
    width, height = int(found[1]), int(found[2])
    out = np.full((height, width, 3), -1)
    colours: dict[int, list[int]] = {}
    x = y = colour = 0
    for token in re.findall(r"#\d+;2;\d+;\d+;\d+|#\d+|!\d+[?-~]|[?-~]|\$|-", found[3]):
        if token == "$":
            x = 0
        elif token == "-":
            x, y = 0, y + 6
        elif token.startswith("#"):
            numbers = [int(n) for n in token[1:].split(";")]
            colour = numbers[0]
            if len(numbers) > 1:
                colours[colour] = numbers[2:]
        else:
            count = int(token[1:-1]) if token.startswith("!") else 1
            bits = ord(token[-1]) - 63
            for i in range(6):
                if bits >> i & 1:
                    out[y + i, x : x + count] = colours[colour]
            x += count
    return out


@pytest.mark.parametrize("side", [32, 64, 320, 50])
def test_sixel_shows_every_pixel(side: int) -> None:
    at = np.arange(side) * 32 // side
    wanted = image()[at][:, at].astype(int) * 100 / 255
    assert np.abs(sixel_pixels(sixel(image(), side)) - wanted).max() <= 0.51


def kitty_parts(text: str) -> list[tuple[dict[str, str], str]]:
    """Keys and data of each command."""
    parts = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    return [(dict(pair.split("=") for pair in keys.split(",")), data) for keys, data in parts]


def test_kitty_gets_the_pixels_in_chunks() -> None:
    large = np.random.default_rng(1).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    parts = kitty_parts(kitty(large, 32, 16))
    first = parts[0][0]
    assert (first["a"], first["f"], first["s"], first["v"], first["c"], first["r"]) == (
        "T",
        "24",
        "60",
        "50",
        "32",
        "16",
    )
    assert first["C"] == "1" and first["q"] == "2", "the cursor stays, and the terminal answers nothing"
    assert [keys["m"] for keys, _ in parts] == ["1", "1", "0"] and all(len(data) <= 4096 for _, data in parts)
    sent = base64.b64decode("".join(data for _, data in parts), validate=True)
    assert sent == large.tobytes()


def test_kitty_in_tmux_is_wrapped() -> None:
    wrapped = kitty(image(), 32, 16, tmux=True)
    inner = [
        part.replace("\x1b\x1b", "\x1b") for part in re.findall(r"\x1bPtmux;((?:\x1b\x1b|[^\x1b])*)\x1b\\", wrapped)
    ]
    assert "".join(inner) == kitty(image(), 32, 16)


def test_text_beside_an_image() -> None:
    text = placed("<image>", 4, ["one", "two"], 10)
    assert text == "\n\n\n\n\x1b[4A\x1b7<image>\x1b8\x1b[10Cone\n\x1b[10Ctwo\n\n\n"
    assert placed("", 1, ["a", "b"], 3).count("\n") == 4


def test_sixel_approximates_more_colours_than_its_palette_has() -> None:
    y, x = np.mgrid[0:32, 0:32]
    smooth = np.stack([y * 8, x * 8, (x + y) * 4], axis=2).astype(np.uint8)
    error = np.abs(sixel_pixels(sixel(smooth, 32)) - smooth.astype(int) * 100 / 255)
    assert error.mean() < 1.5 and error.max() < 8
