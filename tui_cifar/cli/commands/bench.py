"""`cifar-tui bench`: measures this computer, and this program on it."""

from __future__ import annotations

from importlib.util import find_spec

from engine.options import nearest
from engine.registry import Entry, Registry
from tui_cifar.cli.arguments import usage_error
from tui_cifar.cli.interrupt import raise_on_interrupt


def _benchmark(name: str, description: str) -> Entry:
    return Entry(name=name, description=description, factory=f"tui_cifar.bench.{name.replace('-', '_')}:run")


BENCHMARKS = Registry(
    "benchmark",
    _benchmark("throughput", "images per second of each recipe, compared with a plain reference loop"),
    _benchmark("to-accuracy", "time from the start until the validation accuracy reaches a target"),
    _benchmark("ui", "cost of the dashboard: throughput, CPU, bytes to the terminal, latency of keys"),
    _benchmark("startup", "time from the command to the first frame, and to the first training step"),
    _benchmark("look", "cost of drawing images and screens of predictions"),
    _benchmark("speedrun", "training time by the rules of the airbench speed runs, compared with airbench itself"),
    _benchmark("saving", "cost of checkpoints during training, and of --deterministic"),
)
"""Each is a module of `tui_cifar.bench` with a function `run(arguments) -> exit code`."""


def available() -> dict[str, str]:
    """The benchmarks in this installation, with their descriptions."""
    return {b.name: b.description for b in BENCHMARKS.values() if find_spec(b.factory.partition(":")[0]) is not None}


def help_text() -> str:
    """What `cifar-tui bench --help` prints."""
    lines = [f"  {name:12} {description}" for name, description in available().items()]
    return "\n".join(
        (
            "usage: cifar-tui bench NAME [options]",
            "",
            "Measure. Each benchmark prints a table, or one JSON object with --json.",
            "",
            *lines,
            "",
            "'cifar-tui bench NAME --help' lists the options of each.",
        )
    )


def run(arguments: list[str]) -> int:
    """Run the benchmark that the first argument names, with the other arguments."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(help_text())
        return 0
    name, *rest = arguments
    known = available()
    if name not in known:
        usage_error(f"unknown benchmark {name!r}{nearest(name, known)} See 'cifar-tui bench --help'.")
    raise_on_interrupt()
    code: int = BENCHMARKS[name].load()(rest)
    return code
