"""`cifar-tui browse RUN`: a run that has ended, on the same screens as a live one."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.config.sources import make_config
from engine.errors import RunDirectoryError
from engine.storage.run_directory import find_run
from tui_cifar.app.gc_tuning import disable_gc_until_first_frame
from tui_cifar.cli.arguments import Parser


def make_parser() -> argparse.ArgumentParser:
    """The parser of `cifar-tui browse`."""
    parser = Parser(
        prog="cifar-tui browse",
        allow_abbrev=False,
        usage="cifar-tui browse RUN [options]",
        description="Look at a run that has ended: its curves, its predictions with their images, confusion, data, network.",
    )
    parser.add_argument("run", metavar="RUN", help="a run: its name or its folder")
    parser.add_argument("--runs-dir", metavar="TEXT", default="runs", help="where run directories are [runs]")
    parser.add_argument("--images", choices=("half", "ascii", "off"), default=None, help="as in 'cifar-tui --help'")
    parser.add_argument("--ascii", action=argparse.BooleanOptionalAction, default=None, help="only plain characters")
    parser.add_argument("--theme", metavar="NAME", default=None, help="as in 'cifar-tui --help'")
    parser.add_argument("--fps", type=int, metavar="N", default=None, help="as in 'cifar-tui --help'")
    parser.add_argument("--no-mouse", action="store_true", help="as in 'cifar-tui --help'")
    return parser


def run(arguments: list[str]) -> int:
    """Show the run until the user leaves."""
    options = make_parser().parse_args(arguments)
    path = find_run(Path(options.runs_dir), options.run)
    if not (path / "events.jsonl").is_file():
        raise RunDirectoryError(f"{path}: it has no events.jsonl, so there is nothing to show.")

    from tui_cifar.cli.main import require_terminal, tune_for_line, unicode_locale

    fps = tune_for_line(options.fps)
    require_terminal()
    disable_gc_until_first_frame()
    from tui_cifar.app.launch import browse

    return browse(
        path,
        make_config({"runs_dir": str(path.parent)}),
        images=options.images,
        ascii=not unicode_locale() if options.ascii is None else options.ascii,
        theme=options.theme,
        fps=fps,
        mouse=not options.no_mouse,
    )
