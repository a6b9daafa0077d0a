"""Runs in one process and dashboards in others: attached to, controlled, left, killed, over real terminals."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.events.log import read_events
from engine.events.types import EpochStarted, Event, PredictionsSaved, RunPaused, RunResumed, RunStopped
from tests.support.program import Program, start
from tests.support.program_child import Plan
from tui_cifar.bench.support.processes import command
from tui_cifar.bench.support.pseudo_terminal import PseudoTerminal

PATIENCE = 40.0
UNDER_WAY = "TRAINING|VALIDATING"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The folder of all runs. The run of a test is called "run"."""
    return tmp_path / "runs"


@pytest.fixture
def host(image_folder: Path, runs: Path) -> Iterator[Program]:
    """A process that trains a long run without a dashboard, and has begun."""
    settings = {"dataset": image_folder, "runs-dir": runs, "name": "run", "epochs": 10_000, "batch-size": 10}
    flags = [f"--{name}={value}" for name, value in settings.items()]
    flags += ["--recipe=tutorial", "--threads=1", "--device=cpu", "--headless"]
    program = start(flags, runs.parent / "work", Plan(batch_delay=0.05))
    program.until((runs / "run" / "host.json").exists)
    yield program
    program.end()


@pytest.fixture
def watch(runs: Path) -> Iterator[Callable[..., PseudoTerminal]]:
    """Runs `cifar-tui` with arguments, and the folder of all runs, in a terminal of its own."""
    opened: list[PseudoTerminal] = []

    def open_terminal(*arguments: str, size: tuple[int, int] = (120, 40)) -> PseudoTerminal:
        opened.append(PseudoTerminal(size).run(command(*arguments, "--runs-dir", str(runs))))
        return opened[-1]

    yield open_terminal
    for terminal in opened:
        terminal.close()


def events_of(runs: Path, kind: type[Event]) -> list[Event]:
    return [event for event in read_events(runs / "run" / "events.jsonl") if isinstance(event, kind)]


def sockets() -> list[Path]:
    return list((Path(os.environ["XDG_RUNTIME_DIR"]) / "cifar-tui").iterdir())


def test_two_dashboards_control_a_run_and_each_sees_what_the_other_did(
    host: Program, watch: Callable[..., PseudoTerminal], runs: Path
) -> None:
    assert len(sockets()) == 1
    first, second = watch("attach", "run"), watch("attach", size=(80, 24))
    for terminal in (first, second):
        terminal.until(UNDER_WAY, PATIENCE)
    first.send("space")
    first.until("PAUSED", PATIENCE)
    second.until(r"paused the[\s\S]*run", PATIENCE)
    second.until("PAUSED", PATIENCE)
    second.send("space")
    second.until(UNDER_WAY, PATIENCE)
    first.until("resumed the run", PATIENCE)
    (paused,), (resumed,) = events_of(runs, RunPaused), events_of(runs, RunResumed)
    names = [getattr(event, "by", "") for event in (paused, resumed)]
    assert all("@" in name for name in names) and names[0] != names[1], "each has the name of its terminal"

    first.send("q")
    first.until("Leave it running", PATIENCE)
    first.send("q")
    assert first.wait(PATIENCE) == 0 and host.alive
    assert "run run is still training: cifar-tui attach" in first.text()

    second.send("q")
    second.until("Leave it running", PATIENCE)
    second.send("s")
    assert second.wait(PATIENCE) == 0 and host.wait() == 0
    stopped = events_of(runs, RunStopped)[-1]
    assert isinstance(stopped, RunStopped) and stopped.saved and stopped.reason.startswith("asked to stop by ")
    assert sockets() == [] and not (runs / "run" / "host.json").exists()


def test_an_attached_dashboard_does_not_import_pytorch(
    host: Program, watch: Callable[..., PseudoTerminal], runs: Path
) -> None:
    terminal = watch("attach", "run")
    terminal.until(UNDER_WAY, PATIENCE)
    for key in "234561":
        terminal.send(key)
    terminal.send("e")
    host.until(lambda: events_of(runs, PredictionsSaved))
    loaded = Path(f"/proc/{terminal.process.pid}/maps").read_text()
    assert "python3" in loaded and "libtorch" not in loaded


def test_the_network_of_the_run_is_asked_about_an_image_of_the_watchers(
    host: Program, watch: Callable[..., PseudoTerminal], image_folder: Path
) -> None:
    image = next(image_folder.rglob("*.png"))
    terminal = watch("attach", "run")
    terminal.until(UNDER_WAY, PATIENCE)
    terminal.send("i")
    terminal.until("path of an image", PATIENCE)
    terminal.send(f"{image}\r")
    terminal.until("Grad-CAM", PATIENCE)
    assert "libtorch" not in Path(f"/proc/{terminal.process.pid}/maps").read_text()


def test_the_process_of_the_run_is_killed(host: Program, watch: Callable[..., PseudoTerminal]) -> None:
    terminals = [watch("attach", "run"), watch("browse", "run", size=(80, 24))]
    for terminal in terminals:
        terminal.until(UNDER_WAY, PATIENCE)
    host.end()
    for terminal in terminals:
        terminal.until(r"The run crashed[\s\S]*cifar-tui[\s\S]*--resume", PATIENCE)
        terminal.until("CRASHED", PATIENCE)
        assert "Pause" not in terminal.text()
        terminal.send("q")
        assert terminal.wait(PATIENCE) == 0
        assert "to resume:    cifar-tui --resume" in terminal.text().replace("\n", "")


@pytest.mark.parametrize("arguments", [("attach", "run", "--read-only"), ("browse", "run")])
def test_a_dashboard_that_is_read_only_changes_nothing(
    host: Program, watch: Callable[..., PseudoTerminal], runs: Path, arguments: tuple[str, ...]
) -> None:
    terminal = watch(*arguments)
    terminal.until(UNDER_WAY, PATIENCE)
    terminal.until("q Quit", PATIENCE)
    assert not any(word in terminal.text() for word in ("Pause", "Save now", "Evaluate"))
    for key in ("space", "s", "e", "q"):
        terminal.send(key)
    assert terminal.wait(PATIENCE) == 0 and host.alive
    assert not events_of(runs, RunPaused)


def test_a_dashboard_that_is_killed_or_hung_up_leaves_the_run_alone(
    host: Program, watch: Callable[..., PseudoTerminal], runs: Path
) -> None:
    killed, hung_up, other = (watch("attach", "run") for _ in range(3))
    for terminal in (killed, hung_up, other):
        terminal.until(UNDER_WAY, PATIENCE)
    killed.process.kill()
    hung_up.vanish()
    assert hung_up.process.wait(PATIENCE) == 129
    other.send("space")
    other.until("PAUSED", PATIENCE)
    assert host.alive


def test_without_a_live_run_there_is_nothing_to_attach_to(watch: Callable[..., PseudoTerminal]) -> None:
    terminal = watch("attach")
    assert terminal.wait(PATIENCE) == 2
    assert "no run is live" in terminal.text()


def test_a_dashboard_whose_terminal_vanishes_leaves_its_run_paused_to_be_attached_to(
    watch: Callable[..., PseudoTerminal], runs: Path, image_folder: Path
) -> None:
    settings = {"dataset": image_folder, "name": "run", "epochs": 100_000, "batch-size": 10, "device": "cpu"}
    first = watch(*(f"--{name}={value}" for name, value in settings.items()), "--threads=1")
    first.until(UNDER_WAY, PATIENCE)
    first.send("space")
    first.until("PAUSED", PATIENCE)
    first.vanish()
    second = watch("attach")
    second.until("PAUSED", PATIENCE)
    assert first.process.poll() is None
    second.send("space")
    second.until(UNDER_WAY, PATIENCE)
    second.send("q")
    second.until("Stop and save", PATIENCE)
    second.send("s")
    assert second.wait(PATIENCE) == 0 and first.process.wait(PATIENCE) == 0
    assert events_of(runs, RunStopped)


def test_a_run_without_a_dashboard_continues_after_a_hangup(host: Program, runs: Path) -> None:
    os.kill(host.pid, signal.SIGHUP)
    epochs = len(events_of(runs, EpochStarted))
    host.until(lambda: len(events_of(runs, EpochStarted)) > epochs + 1)
    assert host.alive
