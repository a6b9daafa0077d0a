"""Other processes, closed streams, full outputs and missing folders: what surrounds a real command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.events.log import read_events
from engine.events.types import (
    RunCompleted,
)
from tests.support.disks import whole_checkpoints
from tests.support.program import start
from tests.support.program_child import Plan

COMMAND = [sys.executable, "-m", "tui_cifar"]


@pytest.mark.long
def test_a_second_process_is_refused_by_a_living_one_and_takes_over_from_a_dead_one(
    image_folder: Path, tmp_path: Path
) -> None:
    arguments = [
        f"--dataset={image_folder}",
        f"--runs-dir={tmp_path / 'runs'}",
        "--recipe=tutorial",
        "--batch-size=10",
        "--threads=1",
    ]
    first = start(["--headless", "--name=run", "--epochs=1000", *arguments], tmp_path / "work", Plan(batch_delay=0.05))
    second = [*COMMAND, "--headless", "--resume=run", *arguments, "--epochs=1"]
    try:
        first.until(lambda: (tmp_path / "runs" / "run" / "checkpoints" / "best.pt").exists())
        done = subprocess.run(second, capture_output=True, text=True, timeout=120)
        assert done.returncode == 2
        assert f"in use by process {first.pid}" in done.stderr and len(done.stderr.splitlines()) == 1
        assert first.alive
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    finally:
        first.end()
    assert (tmp_path / "runs" / "run" / "lock").read_text() == str(first.pid), "a stale lock"
    done = subprocess.run(second, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "run" / "lock").read_text() != str(first.pid)


@pytest.mark.long
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_change_nothing(image_folder: Path, tmp_path: Path, closed: str) -> None:
    command = (
        f"{sys.executable} -m tui_cifar --headless --dataset={image_folder} --runs-dir={tmp_path / 'runs'} --name=run "
        f"--recipe=tutorial --epochs=1 --threads=1 {closed}"
    )
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == ""
    assert isinstance(list(read_events(tmp_path / "runs" / "run" / "events.jsonl"))[-1], RunCompleted)
    whole_checkpoints(tmp_path / "runs" / "run")


def test_a_closed_stdin_is_not_a_terminal() -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m tui_cifar <&-"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "--headless" in done.stderr and done.stdout == ""


def test_a_full_output_does_not_stop_the_run(image_folder: Path, tmp_path: Path) -> None:
    where = [f"--dataset={image_folder}", f"--runs-dir={tmp_path / 'runs'}", "--name=run"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "--headless", *where, "--recipe=tutorial", "--epochs=1", "--threads=1"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0 and done.stderr == ""
    assert isinstance(list(read_events(tmp_path / "runs" / "run" / "events.jsonl"))[-1], RunCompleted)


def test_runs_and_commands_work_without_a_temporary_folder(image_folder: Path, tmp_path: Path) -> None:
    """Not even the working directory, which Python takes in the end."""
    image = next((image_folder / "test").rglob("*.png"))
    runs = f"--runs-dir={tmp_path / 'runs'}"
    commands = (
        [
            "--headless",
            f"--dataset={image_folder}",
            runs,
            "--name=run",
            "--recipe=tutorial",
            "--epochs=1",
            "--threads=1",
        ],
        ["predict", "run", str(image), runs],
        ["export", "run", f"--output={tmp_path / 'a.pt2'}", runs],
    )
    code = (
        "import sys, tempfile\n"
        "tempfile._candidate_tempdir_list = lambda: ['/proc/none']\n"
        "from tui_cifar.cli.main import main\n"
        f"sys.exit(max(main(arguments) for arguments in {commands!r}))"
    )
    env = {**os.environ, "TMPDIR": "/proc/none"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.pt2").is_file()
