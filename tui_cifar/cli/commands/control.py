"""`cifar-tui pause|resume|save|stop RUN`: control a live run from a script or another terminal."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.errors import RunDirectoryError
from engine.events.commands import Command, Pause, Resume, Save, Stop
from engine.remote.channel import NotConnectedError, ask
from engine.remote.summary import summarize
from engine.storage.find_runs import find_run
from tui_cifar.cli.arguments import Parser
from tui_cifar.cli.options import add_runs_dir
from tui_cifar.terminal.capture import printable


@dataclass(frozen=True, slots=True)
class Control:
    """One of the four commands."""

    command: Command
    description: str
    done: str
    """What is printed once the run has accepted it."""


CONTROLS = {
    "pause": Control(Pause(), "Pause a live run at its next batch.", "pauses at its next batch"),
    "resume": Control(Resume(), "Let a paused live run continue.", "continues"),
    "save": Control(Save(), "Have a live run write a checkpoint.", "writes a checkpoint at its next batch"),
    "stop": Control(
        Stop(), "End a live run at its next batch, with a checkpoint.", "saves and stops at its next batch"
    ),
}


def pause(arguments: list[str]) -> int:
    """Pause a run."""
    return _run("pause", arguments)


def resume(arguments: list[str]) -> int:
    """Continue a paused run."""
    return _run("resume", arguments)


def save(arguments: list[str]) -> int:
    """Have a run write a checkpoint."""
    return _run("save", arguments)


def stop(arguments: list[str]) -> int:
    """End a run."""
    return _run("stop", arguments)


def _run(name: str, arguments: list[str]) -> int:
    """Send the command; 0 if the run accepted it, 1 if it refused or no process works on it."""
    control = CONTROLS[name]
    parser = Parser(f"cifar-tui {name}", description=control.description)
    parser.add_argument("run", metavar="RUN", help="a run's name or folder")
    add_runs_dir(parser)
    parser.add_argument("--json", action="store_true", help="the answer as a JSON object")
    if name == "stop":
        parser.add_argument("--no-save", action="store_true", help="write no checkpoint")
    options = parser.parse_args(arguments)
    if not options.run:
        raise RunDirectoryError("RUN is empty; give the name or the folder of a run.")
    directory = find_run(Path(options.runs_dir), options.run)
    command = Stop(save=False) if name == "stop" and options.no_save else control.command
    try:
        refused = ask(directory, command).refused
    except NotConnectedError as e:
        refused = _why_unreachable(name, directory, str(e))
    if options.json:
        sys.stdout.write(json.dumps({"run": str(directory), "command": name, "refused": refused}) + "\n")
    elif refused:
        sys.stderr.write(f"cifar-tui: {printable(f'{directory.name}: {refused}')}\n")
    else:
        sys.stdout.write(f"{printable(directory.name)} {control.done}\n")
    return 1 if refused else 0


def _why_unreachable(name: str, directory: Path, reason: str) -> str:
    """What to do about a run that can't be reached: an ended run is resumed by another command."""
    summary = summarize(directory)
    if summary is None or summary.state.is_live:
        return f"{reason}."
    advice = (
        f" To continue it: cifar-tui --resume {directory.name}."
        if name == "resume" and summary.state.can_be_resumed
        else ""
    )
    return f"it is not live: {summary.state}.{advice}"
