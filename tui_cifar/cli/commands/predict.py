"""`cifar-tui predict RUN IMAGE …`: what a trained network takes images for."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DataError
from engine.storage.run_directory import find_run
from tui_cifar.cli.arguments import Parser, usage_error

if TYPE_CHECKING:
    import numpy as np

    from tui_cifar.render.images.mosaic import Mode

TOP = 5
PIXELS = ("kitty", "sixel")


def make_parser() -> argparse.ArgumentParser:
    """The parser of `cifar-tui predict`."""
    parser = Parser(
        prog="cifar-tui predict",
        allow_abbrev=False,
        usage="cifar-tui predict RUN IMAGE … [--json]",
        description="Classify images with the best weights of a run: the top five classes with their probabilities.",
        epilog="Images of any size and format that Pillow reads are turned upright, cut to a square and scaled to 32×32.",
    )
    parser.add_argument("run", metavar="RUN", help="a run: its name or its folder")
    parser.add_argument("files", metavar="FILE", nargs="+", help="image files")
    parser.add_argument("--json", action="store_true", help="a JSON object an image on a line of its own, nothing else")
    parser.add_argument("--runs-dir", metavar="TEXT", default="runs", help="where run directories are [runs]")
    parser.add_argument(
        "--images",
        choices=("half", "ascii", "off", *PIXELS),
        default=None,
        help="the image as half-blocks, letters, or not at all (default: what the output can show); "
        "as pixels by Kitty's protocol or Sixel, for terminals that know it",
    )
    parser.add_argument(
        "--force-images",
        action="store_true",
        help="send pixels inside tmux too (it needs 'set -g allow-passthrough on' for kitty, Sixel support for sixel)",
    )
    return parser


def run(arguments: list[str]) -> int:
    """Classify and print; 2 where an image could not be read, after the others were classified."""
    options = make_parser().parse_args(arguments)
    if options.images in PIXELS and in_tmux() and not options.force_images:
        usage_error(f"--images {options.images}: tmux would swallow the image. Use half, or add --force-images.")
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
    """The image and its classes, beside each other where there is room."""
    from tui_cifar.cli.main import unicode_locale
    from tui_cifar.render.images.mosaic import image_lines, printed
    from tui_cifar.render.text.text import bar, cut, plain

    plainly = not unicode_locale()
    pixels_by = images if images in PIXELS else None
    mode = output_mode(images, plainly=plainly)
    width = min(100, shutil.get_terminal_size().columns)
    beside = pixels_by is not None or (width >= 32 + 3 + 24 and mode != "off")
    room = width - (35 if beside else 0)
    name_width = min(max(len(c) for c, _ in top), max(8, room // 3))
    words = [name if len(name) <= room else cut(Path(name).name, room), ""]
    for label, p in top:
        filled = bar(p, max(0, min(40, room - name_width - 10)), ascii=plainly)
        words.append(f"{cut(label, name_width):{name_width}} {filled}{p * 100:6.1f} %")
    if plainly:
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
    """The image 32 by 16 cells large, as pixels, and the words beside it."""
    from tui_cifar.render.images.protocols import cell_pixels, kitty, placed, sixel

    if protocol == "kitty":
        return placed(kitty(image, 32, 16, tmux=in_tmux()), 16, words, 35)
    width, height = cell_pixels()
    return placed(sixel(image, min(32 * width, 16 * height)), 16, words, 35)


def in_tmux() -> bool:
    """Whether there is a multiplexer between this program and the terminal."""
    return bool(os.environ.get("TMUX")) or os.environ.get("TERM", "").startswith(("tmux", "screen"))


def output_mode(images: str | None, *, plainly: bool) -> Mode:
    """How images are printed: as asked for; else in the terminal's colours, as letters where there are none."""
    if images in ("ascii", "off"):
        return "ascii" if images == "ascii" else "off"
    tty = sys.stdout.isatty()
    if images is None and (not tty or plainly or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"):
        return "ascii"
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or not tty:
        return "truecolor"
    return "256" if "256" in os.environ.get("TERM", "") else "16"
