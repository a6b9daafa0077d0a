"""`cifar-tui bench speedrun`: training time to an accuracy by the rules of the airbench speed runs, beside airbench itself.

The rules: the epochs of training and the final test count; loading, warm-up and the evaluations between epochs do not. Any recipe
can be measured. airbench94_muon.py (Keller Jordan, github.com/KellerJordan/cifar10-airbench) runs unmodified, on the same
images and the same GPU; its compilation and its warm-up do not count.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from engine.events.types import (
    EpochStarted,
    Event,
    RunFailed,
    RunStarted,
    TestCompleted,
    TestStarted,
    ValidationStarted,
)
from tui_cifar.bench.support.processes import data_options, measure
from tui_cifar.bench.support.report import machine, machine_line, table
from tui_cifar.cli.arguments import Parser, usage_error

MODULE = "tui_cifar.bench.speedrun"
AIRBENCH_RUN = """
import runpy, sys
del sys.argv[0]
source = runpy.run_path(sys.argv[0], run_name="airbench")
model = source["CifarNet"]().cuda().to(memory_format=source["torch"].channels_last)
model.compile(mode="max-autotune")
source["main"]("warmup", model)
for run in range(int(sys.argv[1])):
    source["main"](run, model)
"""
"""Its arguments are the file and the number of runs; the file reads itself by the name in `sys.argv[0]`."""


class Stopwatch:
    """A listener that adds up the time that counts."""

    def __init__(self) -> None:
        self.result: dict[str, Any] = {"seconds": 0.0}
        self._start = 0.0

    def __call__(self, event: Event) -> None:
        now = time.perf_counter()
        match event:
            case RunStarted():
                self.result |= {"device": event.device_name, "precision": event.precision}
            case EpochStarted() | TestStarted():
                self._start = now
            case ValidationStarted():
                self.result["seconds"] += now - self._start
            case TestCompleted():
                self.result["seconds"] += now - self._start
                self.result |= {"accuracy": event.accuracy, "mirrored": event.tta_accuracy}
            case RunFailed():
                self.result["error"] = event.message
            case _:
                pass


def run(arguments: list[str]) -> int:
    parser = Parser(prog="cifar-tui bench speedrun", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--recipe", default="record", metavar="TEXT", help="recipe to measure [record]")
    parser.add_argument(
        "--config", default="{}", metavar="JSON", help='settings that replace its own, as in {"epochs": 9}'
    )
    parser.add_argument("--seeds", type=int, default=25, metavar="N", help="how many runs, seeds 0, 1, … [25]")
    parser.add_argument("--airbench", default="", metavar="FILE", help="airbench94_muon.py, to measure beside it")
    data_options(parser)
    a = parser.parse_args(arguments)
    if a.seeds < 1:
        usage_error("--seeds must be at least 1.")
    if a.airbench and not Path(a.airbench).is_file():
        usage_error(f"--airbench: {a.airbench} is no file.")
    try:
        values = json.loads(a.config)
    except ValueError as e:
        usage_error(f"--config: no valid JSON: {e}.")
    config = {"recipe": a.recipe, "dataset": a.dataset, "runs_dir": a.runs_dir, "device": a.device, **values}
    runs = {a.recipe: measure(MODULE, json.dumps(config), str(a.seeds))["runs"]}
    if a.airbench:
        runs["airbench94_muon"] = _airbench(Path(a.airbench), config, a.seeds)
    report = {"machine": machine(), "dataset": a.dataset, "runs": runs}
    print(json.dumps(report) if a.json else _table(report))
    return 0


def _table(report: dict[str, Any]) -> str:
    rows = []
    for name, runs in report["runs"].items():
        seconds = [r["seconds"] for r in runs]
        rows.append(
            (
                name,
                str(len(runs)),
                f"{statistics.median(seconds):.3f} s",
                f"{min(seconds):.3f}–{max(seconds):.3f}",
                _mean([r["accuracy"] for r in runs]),
                _mean([r["mirrored"] for r in runs]),
            )
        )
    head = ("", "runs", "time", "range", "test accuracy", "with views")
    first = next(iter(report["runs"].values()))[0]
    text = f"{first['device']}, {first['precision']}; {machine_line(report['machine'])}; {report['dataset']}\n\n{table(head, rows)}"
    if len(rows) == 2:
        ours, theirs = (statistics.median(r["seconds"] for r in runs) for runs in report["runs"].values())
        text += f"\n\n{ours / theirs:.2f} of airbench94_muon's time"
    return (
        text + "\n\nwith views: the mean over views of an image: ours are it and its mirror image, airbench's are six."
    )


def _mean(values: list[float]) -> str:
    """The mean and its standard error."""
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{100 * statistics.mean(values):.2f} ± {100 * error:.2f} %"


def _airbench(file: Path, config: dict[str, Any], seeds: int) -> list[dict[str, Any]]:
    """Times and accuracies of airbench in each of `seeds` runs, on the images of `config`."""
    with tempfile.TemporaryDirectory() as scratch:
        _write_images(config, Path(scratch) / "cifar10")
        command = [sys.executable, "-c", AIRBENCH_RUN, str(file.resolve()), str(seeds)]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    runs, plain = [], 0.0
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 6 and re.fullmatch(r"\d+", cells[1]):
            plain = float(cells[3])
        elif len(cells) == 6 and cells[1] == "eval":
            runs.append({"seconds": float(cells[5]), "accuracy": plain, "mirrored": float(cells[4])})
    if len(runs) != seeds + 1:  # the first is its warm-up
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        usage_error(f"airbench ended with {done.returncode} and said: {last}")
    return runs[1:]


def main() -> None:
    """Train as many seeds as the arguments say and print the results."""
    from engine.config.sources import make_config
    from tui_cifar.bench.support.engine_run import run_measured

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=json.loads)
    parser.add_argument("seeds", type=int)
    options = parser.parse_args()
    config = make_config(options.config)
    runs = []
    for seed in range(options.seeds):
        watch = Stopwatch()
        run_measured(config.replace(seed=seed), 0.0, 0.0, watch)
        runs.append(watch.result)
    errors = [r["error"] for r in runs if "error" in r]
    print(json.dumps({"runs": runs, **({"error": errors[0]} if errors else {})}))


def _write_images(values: dict[str, Any], folder: Path) -> None:
    """The images of a configuration as airbench reads them: `train.pt` and `test.pt`, uint8 (N, 32, 32, 3), labels, names."""
    import torch

    from engine.config.sources import make_config
    from engine.data.registry import default_data_dir, load_dataset
    from engine.data.types import Report

    config = make_config(values)
    folder.mkdir()
    data = load_dataset(
        config.data.dataset,
        data_dir=Path(config.data.data_dir) if config.data.data_dir else default_data_dir(),
        cache_dir=Path(config.run.runs_dir) / ".cache",
        report=Report(),
    )
    for name, part in (("train", data.train), ("test", data.test)):
        images = part.images.permute(0, 2, 3, 1).contiguous()
        kept = {"images": images, "labels": part.labels, "classes": list(data.class_names)}
        torch.save(kept, folder / f"{name}.pt")


if __name__ == "__main__":
    main()
