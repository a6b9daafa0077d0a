"""`cifar-tui bench saving`: what a checkpoint costs the training, and what `--deterministic` does.

Trains one recipe in three ways that alternate, each run in a process of its own: plainly, with `--deterministic`, and saving
again as soon as the last save is written. A save's own cost is the time that the training thread spends in it; the file is written
in another thread, and what that takes from the training shows in the throughput.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

from tui_cifar.bench.support.engine_run import run_measured
from tui_cifar.bench.support.processes import data_options, measure
from tui_cifar.bench.support.report import machine, machine_line, percentile, table
from tui_cifar.cli.arguments import Parser, usage_error

WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "--deterministic": {"deterministic": True},
    "always saving": {"save_every": 1e-6},
}
FIXED = ("threads", "precision", "memory_format")
"""Measured by the first run and reused by the others."""


def run(arguments: list[str]) -> int:
    parser = Parser(prog="cifar-tui bench saving", description=__doc__.split("\n\n")[1])
    data_options(parser)
    parser.add_argument("--recipe", default="fast", metavar="NAME", help="recipe to train (default: fast)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each kind (default: 3)")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="X", help="length of a run (default: 10)")
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.seconds <= 0:
        usage_error("--rounds must be at least 1, and --seconds above 0.")

    base = {k: getattr(options, k) for k in ("recipe", "dataset", "device", "threads", "runs_dir")}
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(options.rounds):
        for way, values in WAYS.items():
            config = json.dumps({"save_every": 10_000.0, **base, **values})
            done = measure("tui_cifar.bench.saving", config, str(options.seconds))
            runs[way].append(done)
            base.update({key: done[key] for key in FIXED})
    report = {"machine": machine(), "recipe": options.recipe, **_figures(runs)}
    print(json.dumps(report) if options.json else _text(report))
    return 0


def _figures(runs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    first = runs["plain"][0]
    saved = runs["always saving"]
    held = sorted(s for done in saved for s in done["save_seconds"])
    written = [s for done in saved for s in done["write_seconds"]]
    if not held or not written:
        usage_error("no checkpoint was written in the time; give more --seconds.")
    rates = {way: [done["images_per_second"] for done in every] for way, every in runs.items()}
    costs = {way: [1 - r / p for r, p in zip(rates[way], rates["plain"], strict=True)] for way in rates}
    return {
        **{key: first[key] for key in (*FIXED, "device", "parameters")},
        "checkpoint_bytes": saved[0]["checkpoint_bytes"],
        "saves": len(held),
        "save_seconds": {
            "median": statistics.median(held),
            "p99": percentile(held, 0.99),
            "largest": held[-1],
        },
        "write_seconds": statistics.median(written),
        "ways": {
            way: {
                "images_per_second": statistics.median(rates[way]),
                "costs": costs[way],
                "cost": statistics.median(costs[way]),
            }
            for way in WAYS
        },
    }


def _text(report: dict[str, Any]) -> str:
    held = {key: f"{1000 * value:.1f} ms" for key, value in report["save_seconds"].items()}
    rows = [
        (
            way,
            f"{figures['images_per_second']:,.0f}",
            "" if way == "plain" else f"{figures['cost']:.1%}",
            "" if way == "plain" else f"{min(figures['costs']):.1%} to {max(figures['costs']):.1%}",
        )
        for way, figures in report["ways"].items()
    ]
    return "\n".join(
        (
            machine_line(report["machine"]),
            f"{report['recipe']} on {report['device']}, {report['threads']} thread"
            f"{'s' if report['threads'] != 1 else ''}, {report['precision']}: "
            f"a checkpoint of {report['checkpoint_bytes'] / 1e6:.1f} MB",
            "",
            table(
                ("a save", "median", "99 %", "largest"),
                [("holds up the training", held["median"], held["p99"], held["largest"])],
            ),
            f"{report['saves']} saves; writing one beside the training takes {report['write_seconds']:.2f} s (median)",
            "",
            table(("", "images/s", "slower by", "range"), rows),
        )
    )


def _measure_saves(config: dict[str, Any], seconds: float) -> dict[str, Any]:
    """One run in this process, with how long its saves took."""
    from engine.config.sources import make_config
    from engine.events.types import CheckpointSaved, Event
    from engine.training.hooks import Hook
    from engine.training.state import TrainingState

    held: list[float] = []
    written: list[CheckpointSaved] = []

    class SaveTimer(Hook):
        def before_save(self, state: TrainingState) -> None:
            self.start = time.perf_counter()

        def after_save(self, state: TrainingState) -> None:
            held.append(time.perf_counter() - self.start)

    def listen(event: Event) -> None:
        if isinstance(event, CheckpointSaved):
            written.append(event)

    result = run_measured(make_config(config), seconds, 0.0, listen, SaveTimer())
    return {
        **result,
        "save_seconds": held,
        "write_seconds": [event.seconds for event in written],
        "checkpoint_bytes": max((event.size for event in written), default=0),
    }


def main() -> None:
    """Train as the arguments say and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=json.loads)
    parser.add_argument("seconds", type=float)
    options = parser.parse_args()
    print(json.dumps(_measure_saves(options.config, options.seconds)))


if __name__ == "__main__":
    main()
