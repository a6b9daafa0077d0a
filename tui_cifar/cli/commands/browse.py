"""`cifar-tui browse RUN`: a run that has ended, or a live one read-only, on the same screens."""

from __future__ import annotations

from pathlib import Path

from engine.config.sources import make_config
from engine.errors import RunDirectoryError
from engine.storage.find_runs import find_run
from tui_cifar.cli.arguments import Parser
from tui_cifar.cli.dashboard import add_dashboard_flags, open_terminal
from tui_cifar.cli.options import add_runs_dir


def make_parser() -> Parser:
    """The parser of `cifar-tui browse`."""
    parser = Parser(
        "cifar-tui browse",
        usage="cifar-tui browse RUN [options]",
        description="Look at a run: curves, predictions with their images, confusion, data, network.",
    )
    parser.add_argument("run", metavar="RUN", help="a run's name or folder")
    add_runs_dir(parser)
    add_dashboard_flags(parser)
    return parser


def run(arguments: list[str]) -> int:
    """Show the run until the user leaves."""
    options = make_parser().parse_args(arguments)
    path = find_run(Path(options.runs_dir), options.run)
    if not (path / "events.jsonl").is_file():
        raise RunDirectoryError(f"{path}: it has no events.jsonl, so there is nothing to show.")
    terminal = open_terminal(options)
    from tui_cifar.app.launch import attach, browse

    config = make_config({"runs_dir": str(path.parent)})
    if _may_be_live(path):
        return attach(path, config, read_only=True, **terminal)
    return browse(path, config, **terminal)


def _may_be_live(run: Path) -> bool:
    """Whether a process trains the run, or may do so on another machine."""
    from engine.remote.liveness import State
    from engine.remote.summary import summarize

    summary = summarize(run)
    return summary is not None and (summary.state.is_live or summary.state is State.UNKNOWN)
