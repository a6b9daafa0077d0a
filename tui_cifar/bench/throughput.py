"""`cifar-tui bench throughput`: how fast this computer trains each recipe, beside a plain reference loop.

Every figure comes from a process of its own that runs the real engine. Reference and recipes alternate, round after round;
the figures are medians over the rounds, the ratios medians of the ratios within a round.
"""

from __future__ import annotations

import json
import sys
from statistics import median
from typing import Any

from engine.config.recipes import RECIPES
from engine.training.curriculum import FIRST_SIZES
from tui_cifar.bench.support.processes import data_arguments, data_options, measure
from tui_cifar.bench.support.report import machine, machine_line, table
from tui_cifar.cli.arguments import Parser, usage_error
from tui_cifar.render.text.format import countdown

ENGINE, REFERENCE = "tui_cifar.bench.support.engine_run", "tui_cifar.bench.support.reference"
CASES: dict[str, dict[str, Any]] = {
    **{name: {"recipe": name} for name in RECIPES if name != "demo"},
    "fast, 32 pixels": {"recipe": "fast", "progressive": False},
    "tutorial, batch 256": {"recipe": "tutorial", "batch_size": 256},
}


def run(arguments: list[str]) -> int:
    parser = Parser(prog="cifar-tui bench throughput", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often to measure everything [3]")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="X", help="length of each measurement [5]")
    parser.add_argument("--only", default="", metavar="NAMES", help="recipes to measure, separated by commas")
    data_options(parser)
    a = parser.parse_args(arguments)
    if a.rounds < 1 or not a.seconds > 0:
        usage_error("--rounds must be at least 1 and --seconds above 0.")
    names = [name for name in CASES if not a.only or name.partition(",")[0] in a.only.split(",")]
    if not names:
        usage_error(f"--only: {a.only!r} names no recipe; there are {', '.join(r for r in RECIPES if r != 'demo')}.")
    measured: dict[str, list[dict[str, Any]]] = {"reference": [], **{name: [] for name in names}}
    shared = {"dataset": a.dataset, "runs_dir": a.runs_dir, "device": a.device, "threads": a.threads}
    for number in range(a.rounds):
        for name, results in measured.items():
            if not a.json:
                sys.stderr.write(f"\rround {number + 1} of {a.rounds}: {name:24}")
            if name == "reference":
                results.append(measure(REFERENCE, *data_arguments(a), "--seconds", str(a.seconds)))
            else:
                config = json.dumps({**shared, **CASES[name]})
                results.append(measure(ENGINE, config, "--seconds", str(a.seconds)))
    if not a.json:
        sys.stderr.write("\r" + " " * 50 + "\r")
    report = {
        "machine": machine(),
        "dataset": a.dataset,
        "rounds": a.rounds,
        "cases": {name: _summary(results, measured["reference"]) for name, results in measured.items()},
    }
    print(json.dumps(report) if a.json else _table(report))
    return 0


def _summary(results: list[dict[str, Any]], reference: list[dict[str, Any]]) -> dict[str, Any]:
    ratios = [r["images_per_second"] / b["images_per_second"] for r, b in zip(results, reference, strict=True)]
    return {
        **results[-1],
        "images_per_second": median(r["images_per_second"] for r in results),
        "ratio": median(ratios),
        "ratios": ratios,
        "run_seconds": None if "run_seconds" not in results[0] else median(r["run_seconds"] for r in results),
    }


def _device(report: dict[str, Any]) -> str:
    return next(str(c["device"]) for c in report["cases"].values() if "device" in c)


def _table(report: dict[str, Any]) -> str:
    rows = []
    for name, c in report["cases"].items():
        rows.append(
            (
                name,
                f"{c['images_per_second']:,.0f}",
                f"{c['ratio']:.2f}",
                f"{min(c['ratios']):.2f}–{max(c['ratios']):.2f}",
                str(c.get("threads", "")),
                c.get("precision", "float32"),
                c.get("memory_format", "contiguous"),
                "" if c["run_seconds"] is None else countdown(c["run_seconds"]),
                f"{c['peak_bytes'] / 2**20:,.0f} MiB" if "peak_bytes" in c else "",
            )
        )
    head = ("", "images/s", "ratio", "range", "threads", "precision", "layout", "whole run", "memory")
    title = f"{_device(report)}; {machine_line(report['machine'])}; {report['dataset']}; median of {report['rounds']}"
    return (
        f"{title}\n\n{table(head, rows)}\n\n"
        "ratio: to the reference in the same round. whole run: all epochs, validation and test, at this rate.\n"
        f"'fast' begins with images of {FIRST_SIZES[0]}, then {FIRST_SIZES[1]} pixels and a narrower network; "
        "'whole run' counts images by their area and networks by their width."
    )
