"""`cifar-tui browse RUN`: a run that has ended, on the same screens as a live one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.schema import FIELDS, Config, make_config
from engine.errors import RunDirectoryError
from engine.events.log import read_events
from engine.events.types import RunEnded, RunStarted, RunStopped
from engine.storage.run_directory import find_run
from tui_cifar.app.gc_tuning import disable_gc_until_first_frame
from tui_cifar.cli.arguments import Parser

if TYPE_CHECKING:
    from engine.session.session import Listener
    from engine.training.control import Control


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


def replay(run: Path, config: Config, control: Control, tell: Listener) -> object:
    """Tell what the run's event log holds, as its engine once did; a run without an end is ended here."""
    started: RunStarted | None = None
    ended: RunEnded | None = None
    epoch = 0
    for event in read_events(run / "events.jsonl", thinned=True):
        if isinstance(event, RunStarted):
            started, ended = event, None
        elif isinstance(event, RunEnded):
            ended = event
        epoch = getattr(event, "epoch", None) or epoch
        tell(event)
    if started is not None and ended is None:
        tell(RunStopped(epoch=epoch, step=0, reason="its end was not recorded", saved=None, directory=str(run)))
    return None


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
    from tui_cifar.app.app import make_app, run_app

    app = make_app(
        recorded_config(path),
        lambda c, control, tell: replay(path, c, control, tell),
        images=options.images,
        ascii=not unicode_locale() if options.ascii is None else options.ascii,
        theme=options.theme,
        directory=path,
        fps=fps,
    )
    return run_app(app, mouse=not options.no_mouse)


def recorded_config(run: Path) -> Config:
    """The configuration in the run's event log, as far as this program knows its settings."""
    for event in read_events(run / "events.jsonl"):
        if isinstance(event, RunStarted):
            return make_config({k: v for k, v in event.config.items() if k in FIELDS})
    return make_config()
