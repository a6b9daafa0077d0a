"""`cifar-tui bench to-accuracy`: wall time until the validation accuracy reaches a target.

The clock starts once PyTorch is imported: loading the images, measuring the machine, training and evaluation count. The whole
process is timed as well. The test set confirms the accuracy of the same weights; nothing is selected on it.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median
from typing import Any

from tui_cifar.bench.support.processes import data_arguments, data_options, measure
from tui_cifar.bench.support.report import machine, machine_line, table
from tui_cifar.cli.arguments import Parser, usage_error

ENGINE, REFERENCE = "tui_cifar.bench.support.engine_run", "tui_cifar.bench.support.reference"


def run(arguments: list[str]) -> int:
    parser = Parser(prog="cifar-tui bench to-accuracy", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--target", type=float, default=0.723, metavar="X", help="accuracy, a fraction of 1 [0.723]")
    parser.add_argument("--recipe", default="fast", metavar="TEXT", help="recipe to measure [fast]")
    parser.add_argument("--epochs", type=int, default=0, metavar="N", help="epochs to train at most [the recipe's own]")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="how many runs, seeds 0, 1, … [3]")
    parser.add_argument(
        "--reference", type=int, default=1, metavar="N", help="runs of the reference, alternating with ours [1]"
    )
    data_options(parser)
    a = parser.parse_args(arguments)
    if not 0 < a.target < 1:
        usage_error("--target must be above 0 and below 1, as in 0.723.")
    if a.seeds < 1 or a.reference < 0:
        usage_error("--seeds must be at least 1 and --reference at least 0.")
    results: dict[str, list[dict[str, Any]]] = {a.recipe: [], "reference": []}
    for seed in range(max(a.seeds, a.reference)):
        if seed < a.seeds:
            config: dict[str, Any] = {
                "recipe": a.recipe,
                "dataset": a.dataset,
                "runs_dir": a.runs_dir,
                "device": a.device,
                "threads": a.threads,
                "seed": seed,
            }
            if a.epochs:
                config["epochs"] = a.epochs
            results[a.recipe].append(_timed(a, ENGINE, json.dumps(config)))
        if seed < a.reference:
            results["reference"].append(_timed(a, REFERENCE, *data_arguments(a), "--seed", str(seed)))
    report = {"machine": machine(), "dataset": a.dataset, "target": a.target, "runs": results}
    print(json.dumps(report) if a.json else _table(report))
    return 0 if all(r.get("reached") for r in results[a.recipe]) else 1


def _timed(a: Any, module: str, *arguments: str) -> dict[str, Any]:
    start = time.perf_counter()
    result = measure(module, *arguments, "--target", str(a.target))
    result["process_seconds"] = time.perf_counter() - start
    if not a.json:
        sys.stderr.write(f"{module.rpartition('.')[2]}: {result.get('seconds', 0):.1f} s\n")
    return result


def _table(report: dict[str, Any]) -> str:
    rows = []
    for name, runs in report["runs"].items():
        if runs:
            reached = sum(bool(r.get("reached")) for r in runs)
            seconds, process = (median(r[k] for r in runs) for k in ("seconds", "process_seconds"))
            test = sum(r["test_accuracy"] for r in runs) / len(runs)
            valid = sum(r["valid_accuracy"] for r in runs) / len(runs)
            epochs = median(r["epochs"] for r in runs)
            rows.append(
                (
                    name,
                    f"{reached} of {len(runs)}",
                    f"{seconds:.1f} s",
                    f"{process:.1f} s",
                    f"{epochs:g}",
                    f"{valid:.1%}",
                    f"{test:.1%}",
                )
            )
    head = ("", "reached", "time", "whole process", "epochs", "validation", "test")
    text = f"{machine_line(report['machine'])}; {report['dataset']}; validation accuracy {report['target']:.1%}\n\n"
    text += table(head, rows)
    ours, theirs = report["runs"].values()
    if ours and theirs:
        text += f"\n\n{median(r['seconds'] for r in theirs) / median(r['seconds'] for r in ours):.1f} times sooner"
    return text
