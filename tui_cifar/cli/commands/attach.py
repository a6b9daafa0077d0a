"""`cifar-tui attach [RUN]`: the dashboard of a run that another process trains."""

from __future__ import annotations

from pathlib import Path

from engine.config.sources import make_config
from engine.errors import RunDirectoryError
from engine.storage.find_runs import find_run
from tui_cifar.cli.arguments import Parser
from tui_cifar.cli.dashboard import add_dashboard_flags, open_terminal
from tui_cifar.cli.options import add_runs_dir


def make_parser() -> Parser:
    """The parser of `cifar-tui attach`."""
    parser = Parser(
        "cifar-tui attach",
        usage="cifar-tui attach [RUN] [options]",
        description="Watch and control a run that another process trains. The run continues when you leave.",
    )
    parser.add_argument(
        "run", metavar="RUN", nargs="?", default="", help="a run's name or folder (default: the newest live run)"
    )
    add_runs_dir(parser)
    parser.add_argument("--read-only", action="store_true", help="watch only")
    add_dashboard_flags(parser)
    return parser


def run(arguments: list[str]) -> int:
    """Show the run until the user leaves."""
    options = make_parser().parse_args(arguments)
    runs_dir = Path(options.runs_dir)
    path = find_run(runs_dir, options.run) if options.run else _newest_live_run(runs_dir)
    terminal = open_terminal(options)
    from tui_cifar.app.launch import attach

    return attach(path, make_config({"runs_dir": str(path.parent)}), read_only=options.read_only, **terminal)


def _newest_live_run(runs_dir: Path) -> Path:
    from engine.remote.summary import newest_live_run

    live = newest_live_run(runs_dir)
    if live is None:
        raise RunDirectoryError(f"{runs_dir}: no run is live. 'cifar-tui browse RUN' shows one that has ended.")
    return live.path
