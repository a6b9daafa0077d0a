"""`cifar-tui bench`: what this computer, and this program on it, can do."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

from engine.options import nearest
from tui_cifar.cli.arguments import usage_error

BENCHMARKS = {
    "throughput": "images a second of each recipe, beside a plain reference loop",
    "to-accuracy": "time from the start until the validation accuracy reaches a target",
    "ui": "what the dashboard costs: throughput, CPU, bytes to the terminal, latency of keys",
    "startup": "from the command to the first frame, and to the first step of training",
    "look": "what images and screens of predictions cost to draw",
    "speedrun": "training time by the rule of the airbench speed runs, and airbench itself beside it",
    "saving": "what a checkpoint costs the training, and what --deterministic does",
}
"""Every benchmark is a module of `tui_cifar.bench` with a function `run(arguments) -> exit code`; "-" becomes "_"."""


def available() -> dict[str, str]:
    """The benchmarks that this installation has, with a line of help each."""
    return {name: about for name, about in BENCHMARKS.items() if find_spec(_module(name)) is not None}


def _module(name: str) -> str:
    return f"tui_cifar.bench.{name.replace('-', '_')}"


def help_text() -> str:
    """What `cifar-tui bench --help` prints."""
    lines = [f"  {name:12} {about}" for name, about in available().items()]
    return "\n".join(
        (
            "usage: cifar-tui bench NAME [options]",
            "",
            "Measure. Each benchmark prints a table, and with --json one JSON object instead.",
            "",
            *lines,
            "",
            "Options of each: 'cifar-tui bench NAME --help'.",
        )
    )


def run(arguments: list[str]) -> int:
    """Run the benchmark that the first argument names with the others."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(help_text())
        return 0
    name, *rest = arguments
    known = available()
    if name not in known:
        usage_error(f"{name!r} is no benchmark{nearest(name, known)} See 'cifar-tui bench --help'.")
    code: int = importlib.import_module(_module(name)).run(rest)
    return code
