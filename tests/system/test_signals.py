"""Signals and lost terminals in real processes: the exit code, the saved checkpoint, the restored terminal."""

from __future__ import annotations

import http.server
import os
import signal
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.config.sources import make_config
from engine.events.codec import to_json
from engine.events.log import read_events
from engine.events.types import LossSampled, RunCompleted, RunStopped
from engine.storage.checkpoint import load_checkpoint
from tests.support.program import Program, start
from tests.support.program_child import Plan
from tests.support.scripted import started
from tui_cifar.bench.support.pseudo_terminal import SCREEN_ENV, PseudoTerminal

pytestmark = pytest.mark.long

PHASES = {
    "download": {"event": "preparation_advanced: Downloading CIFAR-10"},
    "preparing": {"event": "preparation_advanced: Loading images"},
    "training": {"event": "loss_sampled", "count": 3, "batch_delay": 0.2},
    "validating": {"event": "validation_started"},
    "saving": {"save": "saving"},
    "testing": {"event": "test_started"},
}
SIGNALS = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}


class Stall(http.server.BaseHTTPRequestHandler):
    """Sends a header, and then nothing."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.flush()
        time.sleep(60)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stalled_download() -> Iterator[str]:
    """The address of a server on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stall)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()


@pytest.fixture
def terminal() -> Iterator[PseudoTerminal]:
    """120 columns and 40 rows."""
    made = PseudoTerminal()
    yield made
    made.close()


@pytest.fixture
def launch(image_folder: Path, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts the program on a few images, headless or in a terminal."""
    started: list[Program] = []

    def make(
        plan: Plan, *more: str, terminal: PseudoTerminal | None = None, dataset: str = "", epochs: int = 2
    ) -> Program:
        arguments = [
            f"--dataset={dataset or image_folder}",
            f"--data-dir={tmp_path / 'data'}",
            f"--runs-dir={tmp_path / 'runs'}",
            "--name=run",
            f"--epochs={epochs}",
            "--batch-size=10",
            "--recipe=tutorial",
            "--threads=1",
            "--precision=float32",
            "--memory-format=channels_last",
            "--device=cpu",
            "--on-hangup=stop",
            *more,
        ]
        if terminal is None:
            started.append(start(["--headless", *arguments], tmp_path / "work", plan))
        else:
            started.append(start(arguments, tmp_path / "work", plan, terminal=terminal.name, env=SCREEN_ENV))
        return started[-1]

    yield make
    for program in started:
        program.end()


def check_stopped(run: Path, phase: str, *reasons: str) -> None:
    """The run soon reported that it stopped, and saved a checkpoint that loads."""
    if phase in ("download", "preparing"):
        assert not run.exists(), "there was nothing to save"
        return
    events = list(read_events(run / "events.jsonl"))
    ended = events[-1]
    assert isinstance(ended, RunStopped) and ended.reason in reasons and ended.saved
    assert load_checkpoint(Path(ended.saved))["epoch"] >= 1
    assert not [p for p in run.rglob("*") if p.name.startswith(".")]
    if phase == "training":  # the signal came at the third of eight batches
        assert sum(isinstance(e, LossSampled) for e in events) <= 5


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_signal_without_a_terminal_stops_and_saves(
    launch: Callable[..., Program], tmp_path: Path, stalled_download: str, phase: str, number: signal.Signals
) -> None:
    plan = Plan(signal=number, cifar10_url=stalled_download, **PHASES[phase])  # type: ignore[arg-type]
    program = launch(plan, dataset="cifar10" if phase == "download" else "")
    assert program.wait() == SIGNALS[number], program.text()
    check_stopped(tmp_path / "runs" / "run", phase, number.name)
    assert "\x1b" not in program.text()


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_signal_in_the_dashboard_stops_saves_and_restores_the_terminal(
    launch: Callable[..., Program],
    tmp_path: Path,
    stalled_download: str,
    terminal: PseudoTerminal,
    phase: str,
    number: signal.Signals,
) -> None:
    plan = Plan(signal=number, cifar10_url=stalled_download, **PHASES[phase])  # type: ignore[arg-type]
    program = launch(plan, dataset="cifar10" if phase == "download" else "", terminal=terminal)
    assert program.wait() == SIGNALS[number], terminal.text()
    check_stopped(tmp_path / "runs" / "run", phase, number.name)
    assert terminal.left_changed() == []


@pytest.mark.parametrize("shown", [False, True])
def test_a_second_signal_ends_the_process_at_once(
    launch: Callable[..., Program], terminal: PseudoTerminal, shown: bool
) -> None:
    # The save that the first signal asks for hangs, so only the second can end the process.
    plan = Plan(signal=signal.SIGTERM, event="loss_sampled", hanging_saves=True)
    program = launch(plan, terminal=terminal if shown else None)
    program.until(lambda: program.phase == "saving")
    os.kill(program.pid, signal.SIGINT)
    assert program.wait(30) == 130
    assert not shown or terminal.left_changed() == []


@pytest.mark.parametrize("ignored", [(), (signal.SIGHUP,)], ids=["hangup", "nohup"])
def test_a_lost_terminal_stops_the_run_cleanly(
    launch: Callable[..., Program], tmp_path: Path, terminal: PseudoTerminal, ignored: tuple[int, ...]
) -> None:
    program = launch(Plan(ignored=ignored), terminal=terminal, epochs=10_000)
    program.until(lambda: "TRAINING" in terminal.text())
    terminal.vanish()
    assert program.wait() == 129
    # A hangup is a signal and a lost terminal: whichever is noticed first is the reason.
    check_stopped(tmp_path / "runs" / "run", "", "the terminal went away", *(() if ignored else ("SIGHUP",)))


@pytest.mark.parametrize("stop", [0, signal.SIGSTOP, signal.SIGTSTP], ids=["never stopped", "SIGSTOP", "SIGTSTP"])
def test_a_continued_dashboard_takes_the_terminal_over_once(
    launch: Callable[..., Program], tmp_path: Path, terminal: PseudoTerminal, stop: int
) -> None:
    """The kernel sends SIGCONT after the SIGHUP of a terminal that goes away; a shell sends it after ctrl+z."""
    program = launch(Plan(batch_delay=0.01), terminal=terminal, epochs=10_000)
    program.until(lambda: "TRAINING" in terminal.text())
    process = psutil.Process(program.pid)
    taken, given = (lambda: terminal.sent.count(b"\x1b[?1049h")), (lambda: terminal.sent.count(b"\x1b[?1049l"))
    for times in (1, 2, 3):
        if stop:
            os.kill(program.pid, stop)
            program.until(lambda: process.status() == psutil.STATUS_STOPPED)
            left = (
                times if stop == signal.SIGTSTP else times - 1
            )  # SIGTSTP lets it give the screen back to the shell, SIGSTOP does not
            program.until(lambda wanted=left: given() == wanted)  # type: ignore[misc]
        os.kill(program.pid, signal.SIGCONT)
        program.until(lambda wanted=times + 1: taken() == wanted)  # type: ignore[misc]
        program.until(lambda: not termios.tcgetattr(terminal.master)[3] & termios.ICANON)
        program.until(lambda: "TRAINING" in terminal.text())
        assert given() == times
    for _ in range(10):  # a single thread reads keys, so none is lost
        for key, word in (("6", "Log"), ("1", "Loss")):
            terminal.send(key)
            program.until(lambda title=f"─ {word} ─": title in terminal.text())  # type: ignore[misc]
    os.kill(program.pid, signal.SIGTERM)
    assert program.wait() == 143
    assert terminal.left_changed() == []


def test_a_lost_terminal_costs_no_processor_time(launch: Callable[..., Program], terminal: PseudoTerminal) -> None:
    program = launch(Plan(ignored=(signal.SIGHUP,), hanging_saves=True), terminal=terminal, epochs=10_000)
    program.until(lambda: program.phase == "saving" and "TRAINING" in terminal.text())
    terminal.vanish()
    # It is stopping, and waits for a save that hangs: any work that it does now is for the terminal.
    program.until(lambda: str(Path(f"/proc/{program.pid}/fd/0").readlink()).startswith("pipe:"))
    process = psutil.Process(program.pid)
    before = process.cpu_times()
    time.sleep(2)
    after = process.cpu_times()
    assert after.user + after.system - before.user - before.system < 1


@pytest.mark.parametrize("ignored", [(), (signal.SIGHUP,)], ids=["hangup", "nohup"])
def test_a_run_continues_without_the_terminal(
    launch: Callable[..., Program], tmp_path: Path, terminal: PseudoTerminal, ignored: tuple[int, ...]
) -> None:
    program = launch(Plan(ignored=ignored), "--on-hangup=continue", terminal=terminal, epochs=60)
    program.until(lambda: "TRAINING" in terminal.text())
    terminal.vanish()
    assert program.wait() == 0
    events = list(read_events(tmp_path / "runs" / "run" / "events.jsonl"))
    assert isinstance(events[-1], RunCompleted)
    assert "continues without it" in (tmp_path / "runs" / "run" / "log.txt").read_text()


def test_keep_going_still_obeys_signals(
    launch: Callable[..., Program], tmp_path: Path, terminal: PseudoTerminal
) -> None:
    program = launch(Plan(), "--keep-going", terminal=terminal, epochs=10_000)
    program.until(lambda: "TRAINING" in terminal.text())
    terminal.vanish()
    log = tmp_path / "runs" / "run" / "log.txt"
    program.until(lambda: "continues without it" in log.read_text())
    os.kill(program.pid, signal.SIGTERM)
    assert program.wait() == 143
    check_stopped(tmp_path / "runs" / "run", "", "SIGTERM")


@pytest.fixture
def ended_run(tmp_path: Path) -> Path:
    """The directory of a run that was interrupted."""
    run = tmp_path / "runs" / "past"
    (run / "checkpoints").mkdir(parents=True)
    told = started(make_config(), directory=str(tmp_path / "elsewhere"))
    (run / "events.jsonl").write_text(to_json(told) + "\n")
    return run


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_browsing_restores_the_terminal(
    tmp_path: Path, ended_run: Path, terminal: PseudoTerminal, number: signal.Signals
) -> None:
    program = start(["browse", str(ended_run)], tmp_path / "work", terminal=terminal.name, env=SCREEN_ENV)
    program.until(lambda: "STOPPED" in terminal.text())
    os.kill(program.pid, number)
    assert program.wait() == SIGNALS[number]
    assert terminal.left_changed() == []
    assert sorted(p.name for p in ended_run.iterdir()) == ["checkpoints", "events.jsonl"], "it was only looked at"


def test_browsing_ends_when_its_terminal_is_lost(tmp_path: Path, ended_run: Path, terminal: PseudoTerminal) -> None:
    plan = Plan(ignored=(signal.SIGHUP,))
    program = start(["browse", str(ended_run)], tmp_path / "work", plan, terminal=terminal.name, env=SCREEN_ENV)
    program.until(lambda: "STOPPED" in terminal.text())
    terminal.vanish()
    assert program.wait() == 129


def test_nohup_is_respected_without_a_terminal(launch: Callable[..., Program]) -> None:
    program = launch(Plan(ignored=(signal.SIGHUP,), signal=signal.SIGHUP, event="loss_sampled"))
    assert program.wait() == 0, "who starts it under nohup wants it to go on"


def test_a_stalled_terminal_does_not_delay_the_exit(launch: Callable[..., Program], tmp_path: Path) -> None:
    terminal = PseudoTerminal(stalled=True)  # as over a connection that is dead but not closed
    try:
        program = launch(Plan(), terminal=terminal, epochs=10_000)
        run = tmp_path / "runs" / "run"
        program.until(lambda: (run / "checkpoints" / "best.pt").exists())
        time.sleep(3)  # time for the terminal's buffer to fill
        os.kill(program.pid, signal.SIGTERM)
        assert program.wait(60) == 143
        check_stopped(run, "", "SIGTERM")
    finally:
        terminal.close()


def test_library_output_goes_to_the_log_and_not_to_the_screen(
    launch: Callable[..., Program], tmp_path: Path, terminal: PseudoTerminal
) -> None:
    program = launch(Plan(raw_output="\x1b[2J\x1b[H a library in C speaks\n"), terminal=terminal, epochs=10_000)
    program.until(lambda: "TRAINING" in terminal.text())
    program.until(lambda: (tmp_path / "runs" / "run" / "log.txt").read_text().count("a library in C speaks") >= 2)
    assert "speaks" not in terminal.text() and b"speaks" not in terminal.sent
    program.until(lambda: "best" in terminal.text())
    terminal.send("6")
    program.until(lambda: "a library in C speaks" in terminal.text())
    assert "● " in terminal.text(), "the escape sequences in it did nothing"
    os.kill(program.pid, signal.SIGTERM)
    assert program.wait() == 143
    assert terminal.left_changed() == []
