"""`cifar-tui predict RUN IMAGE …`: classifies images with a trained network."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DataError
from engine.storage.find_runs import find_run
from tui_cifar.cli.arguments import Parser, usage_error
from tui_cifar.cli.options import add_runs_dir
from tui_cifar.terminal.capabilities import in_tmux, unicode_locale

if TYPE_CHECKING:
    import numpy as np

    from tui_cifar.render.look import ImageMode

TOP = 5
PIXELS = ("kitty", "sixel")


def make_parser() -> Parser:
    """The parser of `cifar-tui predict`."""
    parser = Parser(
        "cifar-tui predict",
        usage="cifar-tui predict RUN IMAGE … [--json]",
        description="Classify images with the best weights of a run: the top five classes with their probabilities.",
        epilog="Images of any size, in any format that Pillow reads, are turned upright, cropped to a square and scaled to 32×32.",
    )
    parser.add_argument("run", metavar="RUN", help="a run's name or folder")
    parser.add_argument("files", metavar="FILE", nargs="+", help="image files")
    parser.add_argument("--json", action="store_true", help="one JSON object per image and line, nothing else")
    add_runs_dir(parser)
    parser.add_argument(
        "--images",
        choices=("half", "ascii", "off", *PIXELS),
        default=None,
        help="show images as half-blocks, as letters, or not at all (default: what the terminal can show); "
        "or as pixels, for terminals that know Kitty's protocol or Sixel",
    )
    parser.add_argument(
        "--force-images",
        action="store_true",
        help="send pixels even inside tmux (which needs 'set -g allow-passthrough on' for kitty, Sixel support for sixel)",
    )
    return parser


def run(arguments: list[str]) -> int:
    """Classify and print; the exit code is 2 if an image could not be read, and the others are classified all the same."""
    options = make_parser().parse_args(arguments)
    if options.images in PIXELS and in_tmux() and not options.force_images:
        usage_error(f"--images {options.images}: tmux would drop the image. Use half, or add --force-images.")
    path = find_run(Path(options.runs_dir), options.run)

    from engine.data.image_file import read_image
    from engine.inspection.trained_model import load_trained

    trained = load_trained(path)
    failed = 0
    for name in options.files:
        try:
            pixels = read_image(Path(name))
        except DataError as e:
            failed += 1
            sys.stderr.write(f"cifar-tui: {e.message}\n")
            continue
        probabilities = trained.classify(pixels[None])[0].tolist()
        order = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])[:TOP]
        top = [(trained.class_names[i], probabilities[i]) for i in order]
        if options.json:
            classes = [{"class": c, "probability": round(p, 6)} for c, p in top]
            line = {"image": name, "class": top[0][0], "probability": round(top[0][1], 6), "top": classes}
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        else:
            _show(name, pixels, top, options.images)
    if failed and failed == len(options.files):
        usage_error("no image could be classified.")
    return 2 if failed else 0


def _show(name: str, pixels: np.ndarray, top: list[tuple[str, float]], images: str | None) -> None:
    """Print the image and its classes, side by side if there is room."""
    from tui_cifar.render.images.cell_style import printed
    from tui_cifar.render.images.cells import image_lines
    from tui_cifar.render.text.ascii import plain
    from tui_cifar.render.text.format import bar, cut

    ascii_only = not unicode_locale()
    pixels_by = images if images in PIXELS else None
    mode = output_mode(images, ascii_only=ascii_only)
    width = min(100, shutil.get_terminal_size().columns)
    beside = pixels_by is not None or (width >= 32 + 3 + 24 and mode != "off")
    room = width - (35 if beside else 0)
    name_width = min(max(len(c) for c, _ in top), max(8, room // 3))
    words = [name if len(name) <= room else cut(Path(name).name, room), ""]
    for label, p in top:
        filled = bar(p, max(0, min(40, room - name_width - 10)), ascii=ascii_only)
        words.append(f"{cut(label, name_width):{name_width}} {filled}{p * 100:6.1f} %")
    if ascii_only:
        words = [plain(w) for w in words]
    if pixels_by is not None:
        sys.stdout.write(_as_pixels(pixels, words, pixels_by) + "\n")
        return
    image = [] if mode == "off" else [printed(line) for line in image_lines(pixels, mode)]
    if beside:
        words += [""] * (len(image) - len(words))
        lines = [f"{p}   {w}".rstrip() for p, w in zip(image, words, strict=False)]
    else:
        lines = [*image, *words]
    sys.stdout.write("\n".join(lines) + "\n\n")


def _as_pixels(image: np.ndarray, words: list[str], protocol: str) -> str:
    """The image as pixels, 32 by 16 cells large, with the words beside it."""
    from tui_cifar.render.images.protocols import cell_pixels, kitty, placed, sixel

    if protocol == "kitty":
        return placed(kitty(image, 32, 16, tmux=in_tmux()), 16, words, 35)
    width, height = cell_pixels()
    return placed(sixel(image, min(32 * width, 16 * height)), 16, words, 35)


def output_mode(images: str | None, *, ascii_only: bool) -> ImageMode:
    """How images are printed: as `images` says; else in the terminal's colours, or as letters if it has none."""
    if images in ("ascii", "off"):
        return "ascii" if images == "ascii" else "off"
    tty = sys.stdout.isatty()
    if images is None and (not tty or ascii_only or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"):
        return "ascii"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or not tty:
        return "truecolor"
    return "256" if "256" in os.environ.get("TERM", "") else "16"
