"""`cifar-tui bench startup`: from the command to the first frame with content, and to the first step of training."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

from engine.events.types import EpochStarted
from tui_cifar.bench.support import measure
from tui_cifar.cli.arguments import Parser

FIRST_FRAME = r"(?s)PREPARING.*q Quit"
"""The header and the footer: a whole frame."""


def run(arguments: list[str]) -> int:
    """Start the real command several times, each in a process of its own, and time it from outside."""
    parser = Parser(prog="cifar-tui bench startup", description=__doc__)
    parser.add_argument("--dataset", default="shapes", help="what to train on [shapes]")
    parser.add_argument("--runs", type=int, default=7, help="how many starts [7]; one more before them is not counted")
    parser.add_argument("--size", default="120x40", help="columns and rows of the terminal [120x40]")
    parser.add_argument("--frame-only", action="store_true", help="end each start at its first frame")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    size = measure.size_of(options.size)
    frames, steps = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.runs + 1):
            frame, step = _start(options.dataset, size, Path(folder), number, options.frame_only)
            if number:  # the first one fills the caches of the disk and of the data
                frames.append(frame)
                steps.append(step)
    result = {
        "machine": measure.machine(),
        "dataset": options.dataset,
        "n": options.runs,
        "first_frame_s": statistics.median(frames),
        "first_frame_all_s": frames,
        "first_step_s": None if options.frame_only else statistics.median(steps),
        "first_step_all_s": steps,
    }
    if options.json:
        print(json.dumps(result))
        return 0
    print(f"{result['machine']}; {options.dataset}; median of {options.runs} starts (fastest to slowest)\n")
    lines = [("exec to first frame", _told(frames))]
    if not options.frame_only:
        lines.append(("exec to first training step", _told(steps)))
    print(measure.table(lines))
    return 0


def _told(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):6.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})"


def _start(dataset: str, size: tuple[int, int], folder: Path, number: int, frame_only: bool) -> tuple[float, float]:
    """Seconds from the start of a process to its first frame, and to the start of its first step (0 if not waited for)."""
    from tui_cifar.bench.support.pseudo_terminal import PseudoTerminal

    name = f"start-{number}"
    command = measure.command("--dataset", dataset, "--runs-dir", str(folder / "runs"), "--name", name)
    started = time.time()
    with PseudoTerminal(command, size=size, env={"CIFAR_TUI_CONFIG": str(folder / "config")}) as terminal:
        frame = terminal.until(FIRST_FRAME) - terminal.started
        step = 0.0
        while not frame_only and not step:
            terminal.text()
            for event in measure.events_of(folder / "runs" / name):
                if isinstance(event, EpochStarted):
                    step = event.time - started
                    break
            else:
                if terminal.process.poll() is not None or time.time() > started + 600:
                    raise SystemExit(f"cifar-tui: it never trained:\n{terminal.text()}")
                time.sleep(0.02)
    return frame, step
