"""`cifar-tui [train]`: train in the dashboard, or without it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config.recipes import RECIPES
from engine.config.schema import GROUPS, SETTINGS, Config
from engine.config.sources import make_config
from engine.options import listed
from engine.runtime.allocator import keep_freed_memory
from tui_cifar.cli.arguments import FlagGroup, Parser, usage_error
from tui_cifar.cli.commands.registry import COMMANDS
from tui_cifar.cli.dashboard import add_dashboard_flags, open_terminal
from tui_cifar.cli.options import add_setting, given_settings

if TYPE_CHECKING:
    from tui_cifar.run.resume import Unfinished

DESCRIPTION = "Train an image classifier in the terminal, and watch it learn."
TITLES = {
    "data": "data",
    "model": "network",
    "optimizer": "optimizer",
    "schedule": "learning rate over the run",
    "augmentation": "augmentation",
    "run": "run",
    "runtime": "device and precision",
}
"""Headings for the groups of `Config`."""
COMMON = ("dataset", "epochs", "batch_size", "lr", "device")
"""Settings that `--help` shows; `--help-all` shows all."""


def make_parser() -> Parser:
    """The parser, with every flag."""
    parser = Parser("cifar-tui", add_help=False, usage="cifar-tui [COMMAND] [options]", description=DESCRIPTION)
    _add_start_flags(parser.add_argument_group("what to start"))
    for name, title in TITLES.items():
        group = parser.add_argument_group(title)
        for setting in GROUPS[name]:
            add_setting(group, setting)
    dashboard = parser.add_argument_group("dashboard")
    add_dashboard_flags(dashboard)
    _add_end_flags(dashboard)
    _add_headless_flags(parser.add_argument_group("without a dashboard"))
    other = parser.add_argument_group("other")
    other.add_argument("-h", "--help", action=_ShortHelp, nargs=0, help="show the flags that are used most, and exit")
    other.add_argument("--help-all", action="help", help="show all flags, and exit")
    other.add_argument("--version", action=_Version, nargs=0, help="show the version, and exit")
    return parser


class _ShortHelp(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        print(short_help(), end="")
        parser.exit()


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import PackageNotFoundError, version  # takes a while to import

        try:
            print(f"cifar-tui {version('cifar-tui')}")
        except PackageNotFoundError:
            print("cifar-tui (not installed)")
        parser.exit()


def short_help() -> str:
    """What `cifar-tui --help` prints: one screen."""
    alike: dict[str, list[str]] = {}
    for command in COMMANDS.values():
        alike.setdefault(command.description, []).append(command.name)
    commands = "\n".join(f"  {', '.join(names):8}  {description}" for description, names in alike.items())
    parser = Parser(
        "cifar-tui",
        add_help=False,
        usage="cifar-tui [COMMAND] [options]",
        description=f"{DESCRIPTION} Commands:\n{commands}",
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=24, width=80),
    )
    group = parser.add_argument_group("options of 'train' ('cifar-tui --help-all' lists all)")
    _add_start_flags(group, config=False)
    for name in COMMON:
        add_setting(group, SETTINGS[name], aliases=False)
    group.add_argument("--headless", action="store_true", help="no dashboard: one line per epoch")
    return parser.format_help()


def _add_start_flags(group: FlagGroup, *, config: bool = True) -> None:
    group.add_argument("--demo", action="store_true", help="recipe demo: built-in images, done within a minute")
    recipe = SETTINGS["recipe"]
    group.add_argument("--recipe", metavar="NAME", help=f"{listed(RECIPES, 'or')} [{recipe.default}]")
    if config:
        group.add_argument("--config", metavar="FILE", help="a TOML file of settings; flags override it")
    group.add_argument(
        "--resume", nargs="?", const="", metavar="RUN", help="continue a run (default: the newest unfinished one)"
    )


def _add_end_flags(group: FlagGroup) -> None:
    group.add_argument(
        "--on-hangup",
        choices=("continue", "stop"),
        metavar="WHAT",
        help="if the terminal goes away: continue without it [the default], or stop and save",
    )
    group.add_argument("--keep-going", dest="on_hangup", action="store_const", const="continue", help=argparse.SUPPRESS)
    group.add_argument(
        "--notify",
        nargs="?",
        choices=("auto", "bell", "osc9", "osc777"),
        const="auto",
        metavar="HOW",
        help="at the end, ring the bell and show a desktop notification: auto, bell (only), osc9, osc777",
    )


def _add_headless_flags(group: FlagGroup) -> None:
    group.add_argument("--headless", action="store_true", help="no dashboard: one line per epoch")
    group.add_argument("--json", action="store_true", help="with --headless: one JSON object per event, nothing else")
    group.add_argument(
        "--progress",
        nargs="?",
        type=_seconds,
        const=10.0,
        metavar="SECONDS",
        help="with --headless: a line of progress every so many seconds [10], for screen readers and logs",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"{text!r}: the seconds must be more than 0")
    return seconds


def run(arguments: list[str]) -> int:
    """Train, and return the exit code."""
    options = make_parser().parse_args(arguments)
    if options.json and not options.headless:
        usage_error("--json needs --headless.")
    if options.progress is not None and (not options.headless or options.json):
        usage_error("--progress needs --headless, without --json.")
    config, resume, given = _configuration(options)
    keep_freed_memory()
    if options.headless:
        from tui_cifar.cli.headless import run_headless

        return run_headless(
            config, resume, as_json=options.json, progress=options.progress, on_hangup=options.on_hangup
        )
    terminal = open_terminal(options, "Use --headless to train without it.")
    from tui_cifar.app.launch import train

    offer = None if resume is not None or config.run.name else _unfinished(config, given)
    return train(config, resume, keep_going=options.on_hangup != "stop", offer=offer, notify=options.notify, **terminal)


def _configuration(options: argparse.Namespace) -> tuple[Config, Path | None, set[str]]:
    """The configuration; the run or checkpoint to resume; the names of the settings given by flag or file."""
    flags, toml = given_settings(options)
    given = {*toml, *flags}
    if options.resume is None:
        return make_config(flags, toml), None, given
    return *_resumed(options.resume, flags, toml), given


def _resumed(spec: str, flags: dict[str, Any], toml: dict[str, Any]) -> tuple[Config, Path]:
    """The configuration recorded in a run, with what the file and the flags override."""
    from engine.storage.find_runs import find_run
    from tui_cifar.run.resume import recorded_config

    runs_dir = Path({**toml, **flags}.get("runs_dir", SETTINGS["runs_dir"].default))
    run = Path(spec) if spec.endswith(".pt") and Path(spec).is_file() else find_run(runs_dir, spec)
    return recorded_config(run, flags, toml), run


def _unfinished(config: Config, given: Iterable[str]) -> Unfinished | None:
    """A run to offer for resuming, in which the settings that were given are the same."""
    from tui_cifar.run.resume import find_unfinished

    settings = config.anchored().as_dict()
    return find_unfinished(Path(config.run.runs_dir), {name: settings[name] for name in given})
