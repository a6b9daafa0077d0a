"""`cifar-tui bench startup`: from the command to the first frame with content, and to the first step of training."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path

from engine.events.types import EpochStarted
from tui_cifar.bench.support.process_stats import events_of
from tui_cifar.bench.support.processes import command, terminal_options
from tui_cifar.bench.support.report import facts, machine, machine_line
from tui_cifar.cli.arguments import Parser

FIRST_FRAME = r"(?s)PREPARING.*q Quit"
"""The header and the footer: a whole frame."""


def run(arguments: list[str]) -> int:
    """Start the real command several times and time it from outside."""
    parser = Parser(prog="cifar-tui bench startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="how many starts [7]; one more before them is not counted")
    parser.add_argument("--frame-only", action="store_true", help="end each start at its first frame")
    terminal_options(parser)
    options = parser.parse_args(arguments)
    frames, steps = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.runs + 1):
            frame, step = _start(
                options.dataset, options.size, Path(folder) / "runs" / f"start-{number}", options.frame_only
            )
            if number:  # the first one fills the caches of the disk and of the data
                frames.append(frame)
                steps.append(step)
    result = {
        "machine": machine(),
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
    print(
        f"{machine_line(result['machine'])}; {options.dataset}; median of {options.runs} starts (fastest to slowest)\n"
    )
    lines = [("exec to first frame", _spread(frames))]
    if not options.frame_only:
        lines.append(("exec to first training step", _spread(steps)))
    print(facts(lines))
    return 0


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):6.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})"


def _start(dataset: str, size: tuple[int, int], run: Path, frame_only: bool) -> tuple[float, float]:
    """Seconds from the start of a process to its first frame, and to its first step of training (0 if not waited for)."""
    from tui_cifar.bench.support.pseudo_terminal import PseudoTerminal

    arguments = command("--dataset", dataset, "--runs-dir", str(run.parent), "--name", run.name)
    started = time.time()
    with PseudoTerminal(size).run(arguments, env={"CIFAR_TUI_CONFIG": str(run.parent / "config")}) as terminal:
        frame = terminal.until(FIRST_FRAME) - terminal.started
        step = 0.0
        while not frame_only and not step:
            terminal.text()
            for event in events_of(run):
                if isinstance(event, EpochStarted):
                    step = event.time - started
                    break
            else:
                if terminal.process.poll() is not None or time.time() > started + 600:
                    raise SystemExit(f"cifar-tui: it never trained:\n{terminal.text()}")
                time.sleep(0.02)
    return frame, step
