"""`cifar-tui bench ui`: what the dashboard costs, measured on the real command in a real pseudo-terminal.

The same training with the dashboard and without it, alternating; then keys under load, a pause, a finished run, a slow connection.
"""

from __future__ import annotations

import json
import math
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.events.types import EpochStarted, LossSampled
from tui_cifar.bench.support import process_stats as stats
from tui_cifar.bench.support.processes import command, terminal_options
from tui_cifar.bench.support.report import facts, machine, machine_line, percentile
from tui_cifar.cli.arguments import Parser

if TYPE_CHECKING:
    from tui_cifar.bench.support.pseudo_terminal import Line, PseudoTerminal

KEY = "l"
"""Toggles the scale of the loss plot, and with it a word in the plot's border."""
LOG, LINEAR = r"log · m smooth", r"linear · m smooth"
TRAINING = r"TRAINING[\s\S]*img/s"
SLOW = (256_000, 0.15)
"""Bits a second and seconds of round trip of the slow connection."""


class Bench:
    """The measurements, each adding to `result`."""

    def __init__(self, folder: Path, arguments: list[str], size: tuple[int, int], seconds: float) -> None:
        self.folder, self.arguments, self.size, self.seconds = folder, arguments, size, seconds
        self.result: dict[str, Any] = {"machine": machine(), "size": f"{size[0]}x{size[1]}"}
        self._runs = 0

    def _arguments(self, *more: str) -> tuple[list[str], Path]:
        """The arguments of a new run, and its directory."""
        self._runs += 1
        name, runs = f"bench-{self._runs}", self.folder / "runs"
        return [*self.arguments, "--epochs", "1000", "--runs-dir", str(runs), "--name", name, *more], runs / name

    def _terminal(self, command: list[str], line: Line | None = None) -> PseudoTerminal:
        from tui_cifar.bench.support.pseudo_terminal import PseudoTerminal

        terminal = PseudoTerminal(self.size, line=line)
        return terminal.run(command, env={"CIFAR_TUI_CONFIG": str(self.folder / "config")})

    def note(self, text: str) -> None:
        """Report progress on standard error."""
        print(text, file=sys.stderr, flush=True)

    # -- the same training with and without ---------------------------------------------------------------------------

    def throughput(self, pairs: int) -> None:
        """Throughput headless and in the dashboard, alternating, and what the dashboard takes meanwhile."""
        headless, dashboard, cpu, rates, worst, memory = [], [], [], list[float](), list[int](), [0, 0]
        for pair in range(pairs):
            self.note(f"throughput, pair {pair + 1} of {pairs}")
            arguments, run = self._arguments("--headless", "--json")
            process = subprocess.Popen(command(*arguments), stdout=subprocess.DEVNULL)
            self._wait_for_steps(run, process)
            time.sleep(self.seconds)
            memory[0] = max(memory[0], stats.resident_bytes(process.pid))
            process.send_signal(signal.SIGTERM)
            process.wait()
            headless.append(self._speed(run))

            arguments, run = self._arguments()
            with self._terminal(command(*arguments)) as terminal:
                self._wait_for_steps(run, terminal.process)
                start, before = time.perf_counter(), stats.cpu_seconds(terminal.process.pid)
                time.sleep(self.seconds)
                end, after = time.perf_counter(), stats.cpu_seconds(terminal.process.pid)
                memory[1] = max(memory[1], stats.resident_bytes(terminal.process.pid))
                each = terminal.bytes_each_second(start, end)
                cpu.append(stats.interface_seconds(before, after) / (end - start))
                rates.append(terminal.bytes_between(start, end) / (end - start))
                worst.append(max(each))
            dashboard.append(self._speed(run))
        self.result |= {
            "pairs": pairs,
            "headless_images_per_second": statistics.median(headless),
            "dashboard_images_per_second": statistics.median(dashboard),
            "throughput_ratio": statistics.median(b / a for a, b in zip(headless, dashboard, strict=True)),
            "throughput_ratios": [b / a for a, b in zip(headless, dashboard, strict=True)],
            "interface_cpu_training": statistics.median(cpu),
            "bytes_per_second_training": statistics.median(rates),
            "bytes_worst_second_training": max(worst),
            "memory_dashboard_above_headless": memory[1] - memory[0],
            "memory_dashboard": memory[1],
        }

    def _wait_for_steps(self, run: Path, process: subprocess.Popen[bytes]) -> None:
        """Wait until the run has trained a little."""
        deadline = time.monotonic() + 600
        while sum(isinstance(e, LossSampled) for e in stats.events_of(run)) < 2:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"cifar-tui: the run {run.name} never trained")
            time.sleep(0.1)

    def _speed(self, run: Path) -> float:
        batch = json.loads((run / "config.json").read_text(encoding="utf-8"))["config"]["batch_size"]
        return stats.images_per_second(stats.events_of(run), batch)

    # -- keys -----------------------------------------------------------------------------------------------------------

    def keys(self, count: int, starts: int) -> None:
        """Time from a key to the changed screen: from the first frame on, in several starts; while training; then the pause."""
        early: list[float] = []
        for start in range(starts):
            self.note(f"keys, start {start + 1} of {starts}")
            arguments, run = self._arguments()
            with self._terminal(command(*arguments)) as terminal:
                terminal.until(r"PREPARING[\s\S]*(log|linear) · m smooth")
                early += self._press(terminal, 10_000, until=run, gap=0.02)
                if start == starts - 1:
                    self._wait_for_steps(run, terminal.process)
                    terminal.until(TRAINING)
                    self.result |= _latencies("training", self._press(terminal, count))
                    # A key right after the one that saves a checkpoint, and some during an evaluation.
                    for name, asks, pressed in (("saving", "s", 1), ("evaluating", "e", 5)):
                        found: list[float] = []
                        while len(found) < count // 2:
                            terminal.send(asks)
                            found += self._press(terminal, pressed)
                        self.result |= _latencies(name, found)
                    self._pause(terminal)
        self.result |= _latencies("preparing", early)

    def _press(self, terminal: PseudoTerminal, count: int, until: Path | None = None, gap: float = 0.11) -> list[float]:
        """Seconds that each of `count` keys took, one after the other; stops once the run `until` has begun an epoch."""
        found = []
        log = "log · m smooth" in terminal.text()
        for number in range(count):
            if until is not None and any(isinstance(e, EpochStarted) for e in stats.events_of(until)):
                break
            log = not log
            sent = terminal.send(KEY)
            found.append(terminal.until(LOG if log else LINEAR) - sent)
            time.sleep(gap + gap / 3 * (number % 7))  # out of step with what the dashboard does by itself
        return found

    def _pause(self, terminal: PseudoTerminal) -> None:
        self.note("pause")
        terminal.send("space")
        terminal.until("PAUSED")
        time.sleep(3)
        self.result |= self._rest(terminal, "paused")

    def _rest(self, terminal: PseudoTerminal, name: str) -> dict[str, float]:
        """Bytes and processor time of the whole program while nothing happens."""
        start, before = time.perf_counter(), sum(stats.cpu_seconds(terminal.process.pid).values())
        time.sleep(max(10.0, self.seconds))
        end, after = time.perf_counter(), sum(stats.cpu_seconds(terminal.process.pid).values())
        return {
            f"bytes_per_second_{name}": terminal.bytes_between(start, end) / (end - start),
            f"cpu_{name}": (after - before) / (end - start),
        }

    def finished(self) -> None:
        """The same once a run has ended: one on the built-in images, because it ends soon."""
        self.note("finished")
        arguments = ["--dataset", "shapes", "--epochs", "1", "--runs-dir", str(self.folder / "runs"), "--name", "end"]
        with self._terminal(command(*arguments)) as terminal:
            terminal.until("DONE", 600)
            time.sleep(3)
            self.result |= self._rest(terminal, "finished")

    # -- a slow connection, the loop, memory ------------------------------------------------------------------------------------

    def slow_connection(self, count: int) -> None:
        """Keys over 256 kbit/s with 150 ms of round trip, which is part of each time."""
        from tui_cifar.bench.support.pseudo_terminal import Line

        self.note("slow connection")
        arguments, run = self._arguments()
        with self._terminal(command(*arguments), Line(*SLOW)) as terminal:
            self._wait_for_steps(run, terminal.process)
            terminal.until(TRAINING)
            self.result |= _latencies("slow_connection", self._press(terminal, count))

    def loop_lag(self) -> None:
        """How late the event loop wakes while training."""
        self.note("event loop")
        arguments, run = self._arguments()
        file = self.folder / "lag.json"
        with self._terminal([sys.executable, "-m", "tui_cifar.bench.support.probe", str(file), *arguments]) as terminal:
            self._wait_for_steps(run, terminal.process)
            skip = len(json.loads(file.read_text())) if file.exists() else 0
            time.sleep(self.seconds)
            lags = json.loads(file.read_text())[skip:]
        self.result |= {f"loop_lag_p{p}": percentile(lags, p / 100) for p in (50, 95, 99)}

    def bare_memory(self) -> None:
        """Memory of a process that imports PyTorch and holds as many bytes as CIFAR-10."""
        code = (
            "import torch; data = torch.ones(60_000 * 3072, dtype=torch.uint8)\n"
            "import os; print(int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE'))"
        )
        bare = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        self.result |= {"memory_bare": bare, "memory_above_bare": self.result.get("memory_dashboard", math.nan) - bare}


def _latencies(name: str, seconds: list[float]) -> dict[str, float]:
    found = {f"key_{name}_p{p}": percentile(seconds, p / 100) for p in (50, 95, 99)}
    return {**found, f"key_{name}_n": float(len(seconds))}


def run(arguments: list[str]) -> int:
    """Measure, and print a table or JSON."""
    parser = Parser(prog="cifar-tui bench ui", description=__doc__)
    terminal_options(parser)
    parser.add_argument("--recipe", default=None, help="which recipe to train [the default one]")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each measurement [20]")
    parser.add_argument("--pairs", type=int, default=3, help="pairs of headless and dashboard runs, 0 for none [3]")
    parser.add_argument("--keys", type=int, default=100, help="keys to time while training [100]")
    parser.add_argument("--starts", type=int, default=3, help="starts in which keys are timed [3]")
    options = parser.parse_args(arguments)
    import tui_cifar.bench.support.pseudo_terminal  # noqa: F401 - which says so if a package is missing

    recipe = ["--recipe", options.recipe] if options.recipe else []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), ["--dataset", options.dataset, *recipe], options.size, options.seconds)
        if options.pairs:
            bench.throughput(options.pairs)
            bench.bare_memory()
        bench.keys(options.keys, max(1, options.starts))
        bench.loop_lag()
        bench.slow_connection(max(10, options.keys // 3))
        bench.finished()
    bench.result |= {"dataset": options.dataset, "recipe": options.recipe or "default", "seconds": options.seconds}
    print(json.dumps(bench.result) if options.json else _text(bench.result))
    return 0


def _text(r: dict[str, Any]) -> str:
    def ms(name: str) -> str:
        return " / ".join(f"{r[f'{name}_p{p}'] * 1000:.0f}" for p in (50, 95, 99)) + " ms"

    rows: list[tuple[str, str]] = []
    if "pairs" in r:
        rows += [
            ("images/s headless", f"{r['headless_images_per_second']:,.0f}"),
            ("images/s with the dashboard", f"{r['dashboard_images_per_second']:,.0f}"),
            ("ratio, median of the pairs", f"{r['throughput_ratio']:.3f}   (n = {r['pairs']})"),
            ("CPU of the interface, training", f"{r['interface_cpu_training']:.1%} of a core"),
            (
                "bytes to the terminal, training",
                f"{r['bytes_per_second_training']:,.0f} B/s, worst second {r['bytes_worst_second_training']:,} B",
            ),
            ("memory above headless", f"{r['memory_dashboard_above_headless'] / 1e6:,.0f} MB"),
            ("memory above bare PyTorch and data", f"{r['memory_above_bare'] / 1e6:,.0f} MB"),
        ]
    rows += [
        ("key to screen, preparing", f"{ms('key_preparing')}   (p50 / p95 / p99, n = {r['key_preparing_n']:.0f})"),
        ("key to screen, training", f"{ms('key_training')}   (n = {r['key_training_n']:.0f})"),
        ("key to screen, saving", f"{ms('key_saving')}   (n = {r['key_saving_n']:.0f})"),
        ("key to screen, evaluating", f"{ms('key_evaluating')}   (n = {r['key_evaluating_n']:.0f})"),
        ("key to screen, 256 kbit/s, 150 ms", f"{ms('key_slow_connection')}   (n = {r['key_slow_connection_n']:.0f})"),
        ("event loop lag, training", ms("loop_lag")),
        ("paused", f"{r['bytes_per_second_paused']:.0f} B/s, CPU {r['cpu_paused']:.2%}"),
        ("finished", f"{r['bytes_per_second_finished']:.0f} B/s, CPU {r['cpu_finished']:.2%}"),
    ]
    return f"{machine_line(r['machine'])}; {r['dataset']}, recipe {r['recipe']}, {r['size']}\n\n{facts(rows)}"
