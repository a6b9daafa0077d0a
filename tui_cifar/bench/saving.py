"""`cifar-tui bench saving`: what a checkpoint costs the training, and what `--deterministic` does.

Trains a few epochs on the built-in shapes, once saving at every chance and, taking turns, with and without deterministic
kernels. A save's cost is the time that the training thread spends in it; writing goes on beside it.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from typing import Any

from tui_cifar.arguments import Parser


def run(arguments: list[str]) -> int:
    """Measure and print."""
    parser = Parser(prog="cifar-tui bench saving", allow_abbrev=False, description=__doc__.split("\n\n")[1])
    parser.add_argument("--recipe", default="tutorial", help="recipe to train [tutorial]")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N [auto]")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="runs of each kind [3]")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args(arguments)

    saves: list[float] = []
    _time_saves(saves)
    rates: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory(prefix="cifar-tui-") as folder:
        base = {
            "recipe": options.recipe,
            "dataset": "shapes",
            "device": options.device,
            "runs_dir": folder,
            "epochs": 1,
        }
        for round_ in range(options.rounds):
            for deterministic in (False, True):
                rates[deterministic].append(
                    _train({**base, "deterministic": deterministic, "name": f"{round_}-{deterministic}"})
                )
        saves.clear()
        _train({**base, "save_every": 0.0001, "name": "saving"})
    milliseconds = sorted(1000 * s for s in saves)
    plain, exact = (statistics.median(rates[d]) for d in (False, True))
    result = {
        "saves": len(saves),
        "median_ms": statistics.median(milliseconds),
        "p99_ms": milliseconds[int(0.99 * (len(milliseconds) - 1))],
        "largest_ms": milliseconds[-1],
        "images_per_second": plain,
        "images_per_second_deterministic": exact,
        "deterministic_costs": 1 - exact / plain,
    }
    if options.json:
        print(json.dumps(result))
        return 0
    print(f"a save holds up training for {result['median_ms']:.1f} ms (median of {len(saves)}),", end=" ")
    print(f"99 % below {result['p99_ms']:.1f} ms, at most {result['largest_ms']:.1f} ms")
    print(
        f"images/s: {plain:,.0f}, with --deterministic {exact:,.0f}: {result['deterministic_costs']:+.1%} of its speed lost"
    )
    return 0


def _time_saves(into: list[float]) -> None:
    from engine.trainer import Trainer

    save = Trainer._save

    def timed(self: Trainer, *arguments: Any) -> None:
        start = time.perf_counter()
        save(self, *arguments)
        into.append(time.perf_counter() - start)

    setattr(Trainer, "_save", timed)  # noqa: B010 - no plain assignment to a method


def _train(values: dict[str, Any]) -> float:
    """Images a second of a run."""
    from engine.config import make_config
    from engine.control import Control
    from engine.events import EpochCompleted, Event, RunFailed
    from engine.session import run as train

    told: list[Event] = []
    ended = train(make_config(values), Control(), told.append)
    if isinstance(ended, RunFailed):
        sys.exit(f"cifar-tui: {ended.message}")
    return statistics.median(e.images_per_second for e in told if isinstance(e, EpochCompleted))
