"""The command line. Nothing heavy is imported before it is known to be needed, so that `--help` answers at once."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config.schema import SETTINGS, Config
from engine.config.sources import make_config, read_toml
from engine.errors import EngineError
from engine.options import nearest
from engine.runtime.allocator import keep_freed_memory
from tui_cifar.app.gc_tuning import disable_gc_until_first_frame
from tui_cifar.cli.arguments import Parser, usage_error
from tui_cifar.cli.interrupt import raise_on_interrupt

if TYPE_CHECKING:
    from tui_cifar.run.resume import Unfinished

COMMANDS = {
    "train": "train, in the dashboard or without it (the default)",
    "browse": "look at a run that has ended: predictions, confusion matrix, data, network",
    "predict": "classify images of your own with a trained network",
    "recipes": "list the recipes and their values",
    "bench": "measure this computer, the recipes and the dashboard",
    "export": "write a run's best weights to a file",
}
"""Every command but "train" is a module of `tui_cifar.cli.commands` with a function `run(arguments) -> exit code`."""

TRUE_COLOUR = ("alacritty", "contour", "foot", "ghostty", "wezterm", "xterm-ghostty", "xterm-kitty")
"""Terminals, by their TERM, that show 16 million colours and have no word for it there."""
_ALIASES = {"lr": ("--learning-rate",)}
_OWN = ("recipe", "dataset", "name", "runs_dir", "data_dir", "device", "threads")


def make_parser() -> argparse.ArgumentParser:
    """The parser of `cifar-tui [train]`; its flags are made from the fields of `engine.config.schema.Config`."""
    parser = Parser(
        prog="cifar-tui",
        allow_abbrev=False,
        add_help=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=30, width=_help_width()),
        usage="cifar-tui [train] [options]\n"
        + "\n".join(f"       cifar-tui {name:9} {about}" for name, about in COMMANDS.items() if name != "train"),
        description="Train a convolutional network on CIFAR-10 in the terminal, and watch it learn.",
        epilog="Try 'cifar-tui --demo': built-in images, done within a minute. "
        "In the dashboard: space pauses, s saves, q quits, ? helps.",
    )
    what = parser.add_argument_group("What to train")
    what.add_argument("--demo", action="store_true", help="the recipe 'demo': built-in images, no download")
    how = parser.add_argument_group("How to show it")
    how.add_argument("--headless", action="store_true", help="no dashboard: one line an epoch")
    how.add_argument("--json", action="store_true", help="with --headless: every event as a line of JSON, nothing else")
    how.add_argument(
        "--images",
        choices=("half", "ascii", "off"),
        default=None,
        help="images as half-blocks, letters, or not at all",
    )
    how.add_argument(
        "--ascii",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="only plain characters, for terminals without blocks and braille (default: if the locale is not UTF-8)",
    )
    how.add_argument(
        "--keep-going",
        action="store_true",
        help="train on without a dashboard if the terminal goes away (SSH line cut)",
    )
    how.add_argument(
        "--theme",
        metavar="NAME",
        default=None,
        help="cifar-dark, cifar-light, ansi-dark or ansi-light (the terminal's own colours), or another of Textual's "
        "(default: the one of the last time)",
    )
    how.add_argument(
        "--fps",
        type=int,
        metavar="N",
        default=None,
        help="draw at most so many times a second, 1 to 60 (default: 30, over SSH 15 and no animations)",
    )
    how.add_argument(
        "--no-mouse", action="store_true", help="leave the mouse to the terminal, which selects text with it"
    )
    how.add_argument(
        "--notify",
        nargs="?",
        choices=("auto", "bell", "osc9", "osc777"),
        const="auto",
        default=None,
        metavar="HOW",
        help="at the end ring the bell and show a desktop notification: auto, bell (alone), osc9, osc777",
    )
    how.add_argument(
        "--progress",
        nargs="?",
        type=float,
        const=10.0,
        default=None,
        metavar="SECONDS",
        help="with --headless: a line of progress every so many seconds [10], for screen readers and logs",
    )
    where = parser.add_argument_group("Where")
    groups = {
        "What to train": what,
        "Where": where,
        "Training": parser.add_argument_group("Training (overrides the recipe)"),
    }
    for f in SETTINGS.values():
        flags = [f"--{f.name.replace('_', '-')}", *_ALIASES.get(f.name, ())]
        group = groups["Training"]
        if f.type is bool:
            group.add_argument(*flags, action=argparse.BooleanOptionalAction, default=None, help=f.help)
        else:
            by_recipe = f.name in _OWN
            default = "" if by_recipe or f.default in ("", 0) else f" [{f.default}]"
            metavar = {int: "N", float: "X", str: "TEXT"}[f.type]
            group.add_argument(*flags, default=None, metavar=metavar, help=f.help + default)
    where.add_argument(
        "--config", metavar="FILE", default=None, help="a TOML file of these settings; flags override it"
    )
    where.add_argument(
        "--resume",
        nargs="?",
        const="",
        default=None,
        metavar="RUN",
        help="go on with a run: its name, its folder, or a checkpoint (default: the newest unfinished)",
    )
    other = parser.add_argument_group("Other")
    other.add_argument("-h", "--help", action="help", help="show this and exit")
    other.add_argument("--version", action="version", version=_version(), help="show the version and exit")
    return parser


def _help_width() -> int:
    return max(60, min(110, shutil.get_terminal_size().columns - 1))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    _open_standard_files()
    _name_temporary_folder()
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = "train"
    if arguments and not arguments[0].startswith("-"):
        command = arguments.pop(0)
        if command not in COMMANDS:
            usage_error(f"{command!r} is no command{nearest(command, COMMANDS)} See 'cifar-tui --help'.")
    try:
        if command == "train":
            return _train(arguments)
        if command in ("bench", "export"):
            raise_on_interrupt()
        code: int = importlib.import_module(f"tui_cifar.cli.commands.{command}").run(arguments)
        return code
    except EngineError as e:
        usage_error(e.message)
    except OSError as e:
        if e.filename is None:
            raise
        usage_error(f"{e.filename}: {e.strerror or e}.")
    except KeyboardInterrupt:  # before a run that could be stopped in good order was under way
        return 130


def _open_standard_files() -> None:
    """Give whoever closed a standard file /dev/null in its place, or the next file opened would get what is printed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115 - open until the process ends


def _name_temporary_folder() -> None:
    """Where no temporary folder can be written to, name one all the same: PyTorch asks for the name and writes nothing there.

    Whoever does write gets an error that names the folder.
    """
    try:
        tempfile.gettempdir()
    except OSError:
        tempfile.tempdir = os.environ.get("TMPDIR") or "/tmp"


def _train(arguments: list[str]) -> int:
    parser = make_parser()
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        known = [flag for action in parser._actions for flag in action.option_strings]
        usage_error(f"{unknown[0]!r} is no option{nearest(unknown[0], known)} See 'cifar-tui --help'.")
    if options.json and not options.headless:
        usage_error("--json needs --headless.")
    if options.progress is not None and (not options.headless or options.json):
        usage_error("--progress needs --headless, without --json.")
    if options.progress is not None and not options.progress > 0:
        usage_error("--progress: the seconds must be more than 0.")
    config, resume, given = _configuration(options)
    keep_freed_memory()
    if options.headless:
        from tui_cifar.cli.headless import run_headless

        return run_headless(
            config, resume, as_json=options.json, progress=options.progress, keep_going=options.keep_going
        )
    fps = tune_for_line(options.fps)
    require_terminal()
    disable_gc_until_first_frame()
    from tui_cifar.app.launch import train

    return train(
        config,
        resume,
        images=options.images,
        ascii=not unicode_locale() if options.ascii is None else options.ascii,
        theme=options.theme,
        keep_going=options.keep_going,
        offer=None if resume is not None or config.name else _unfinished(config, given),
        mouse=not options.no_mouse,
        fps=fps,
        notify=options.notify,
    )


def _unfinished(config: Config, given: Iterable[str]) -> Unfinished | None:
    """A run to offer, in which the settings that were given are the same."""
    from tui_cifar.run.resume import find_unfinished

    anchored = config.anchored().as_dict()
    return find_unfinished(Path(config.runs_dir), {name: anchored[name] for name in given})


def _configuration(options: argparse.Namespace) -> tuple[Config, Path | None, dict[str, Any]]:
    """The configuration that defaults, run to resume, recipe, file and flags make together; the run; what was given."""
    flags: dict[str, Any] = {}
    for f in SETTINGS.values():
        value = getattr(options, f.name)
        if value is not None:
            flags[f.name] = f.parsed(value) if isinstance(value, str) else value
    if options.demo:
        if flags.get("recipe", "demo") != "demo":
            usage_error("--demo is --recipe demo; give only one of the two.")
        flags["recipe"] = "demo"
    toml = read_toml(options.config) if options.config else {}
    if options.resume is None:
        return make_config(flags, toml), None, {**toml, **flags}
    return *_resumed(options.resume, flags, toml), {**toml, **flags}


def _resumed(spec: str, flags: dict[str, Any], toml: dict[str, Any]) -> tuple[Config, Path]:
    """The configuration recorded in a run, with what the file and the flags override."""
    from engine.storage.run_directory import find_run
    from tui_cifar.run.resume import recorded_config

    runs_dir = Path(flags.get("runs_dir", toml.get("runs_dir", "runs")))
    run = Path(spec) if spec.endswith(".pt") and Path(spec).is_file() else find_run(runs_dir, spec)
    return recorded_config(run, flags, toml), run


def require_terminal() -> None:
    """Refuse before the first escape byte where there is no terminal to draw on."""
    try:
        interactive = os.isatty(sys.stdin.fileno()) and os.isatty(sys.stdout.fileno())
    except (AttributeError, ValueError, OSError):  # closed, or replaced by something without a file
        interactive = False
    if not interactive:
        usage_error("the dashboard needs a terminal on standard input and output. Use --headless to train without one.")
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        usage_error("the terminal (TERM=dumb) can't show the dashboard. Use --headless to train without it.")


def tune_for_line(fps: int | None) -> int:
    """Frames a second that the line is for; no animations over SSH, and as many colours as the terminal has.

    Textual reads these at its import. Its own frames, of which not all are sent, follow each other fast whatever the line:
    it waits between a change and its frame, and a key would wait too.
    """
    if fps is not None and not 1 <= fps <= 60:
        usage_error("--fps must be 1 to 60.")
    remote = bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))
    frames = fps or (15 if remote else 30)
    os.environ["TEXTUAL_FPS"] = "120"
    if remote:
        os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    term = os.environ.get("TERM", "")
    if term in TRUE_COLOUR or term.endswith("-direct"):
        os.environ.setdefault("COLORTERM", "truecolor")  # which SSH does not pass on
    elif re.fullmatch(r"vt\d+.*|.*-(m|mono)", term):
        os.environ.setdefault("NO_COLOR", "1")
    return frames


def unicode_locale() -> bool:
    """Whether the locale says that the terminal shows UTF-8. Where nothing is said it mostly does, but tmux and screen don't."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if (value := os.environ.get(name)) and not (name == "LC_CTYPE" and _set_by_python(name, value)):
            return "utf8" in value.lower().replace("-", "")
    return not (os.environ.get("TMUX") or os.environ.get("STY"))


def _set_by_python(name: str, value: str) -> bool:
    """Whether a variable has its value from Python itself, which speaks UTF-8 in the C locale (PEP 538), as terminals don't."""
    try:
        return f"{name}={value}".encode() not in Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"cifar-tui {version('cifar-tui')}"
    except PackageNotFoundError:
        return "cifar-tui (not installed)"
