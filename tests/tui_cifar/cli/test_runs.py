"""`cifar-tui runs` and the commands that control a live run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.events.commands import Pause, Resume, Save, Stop
from engine.remote.channel import NotConnectedError
from engine.remote.liveness import State
from engine.remote.summary import RunSummary
from engine.remote.wire import Answer
from tests.support.command import Command
from tui_cifar.cli.commands import control
from tui_cifar.cli.commands.runs import table

RECORDED = Path(__file__).parents[2] / "fixtures" / "runs-0.2"
NOW = 1_000_000.0


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RECORDED, tmp_path / "runs"))


def test_runs_are_listed_with_their_state_and_accuracy(cifar_tui: Command, runs_dir: Path) -> None:
    done = cifar_tui("runs", "--runs-dir", str(runs_dir))
    assert done.code == 0 and done.err == ""
    head, *rows = done.out.splitlines()
    assert head.split()[:3] == ["state", "name", "recipe"]
    by_name = {row.split()[1]: row for row in rows}
    assert by_name["demo-done"].split()[0] == "done" and "20.0%" in by_name["demo-done"]
    stopped = by_name["fast-stopped"].split()
    assert stopped[0] == "stopped" and "2/3" in stopped and "airbench" in stopped and "86.1%" in stopped


def test_runs_as_json_are_one_object_a_line(cifar_tui: Command, runs_dir: Path) -> None:
    done = cifar_tui("runs", "--json", "--runs-dir", str(runs_dir))
    summaries = {summary["name"]: summary for summary in map(json.loads, done.out.splitlines())}
    assert set(summaries) == {"demo-done", "fast-stopped"}
    assert summaries["demo-done"]["state"] == "done" and summaries["demo-done"]["test_accuracy"] == 0.1995
    assert summaries["fast-stopped"]["epochs"] == 3 and summaries["fast-stopped"]["test_accuracy"] is None


def test_a_directory_without_runs_says_so(cifar_tui: Command, tmp_path: Path) -> None:
    done = cifar_tui("runs", "--runs-dir", str(tmp_path / "nothing"))
    assert done.code == 0 and done.out == f"no runs in {tmp_path / 'nothing'}\n"


def test_columns_are_measured_in_cells_and_names_are_made_printable() -> None:
    wide = RunSummary(path=Path("runs/日本語"), state=State.TRAINING, epoch=1, epochs=9, seconds_left=62.0)
    hostile = RunSummary(path=Path("runs/a\x1b[2Jb"), state=State.CRASHED, recipe="x" * 200, started=NOW - 7_200)
    head, *rows = table([wide, hostile], NOW)
    assert all("\x1b" not in row for row in rows) and "ab" in rows[1]
    start = head.index("recipe")
    assert [cell_len(row[: row.index(word)]) for row, word in zip(rows, ("-", "xxx"), strict=True)] == [start, start]
    assert "1:02 left" in rows[0] and "2 h" in rows[1] and "…" in rows[1]


def test_a_run_on_another_machine_that_is_silent_says_for_how_long() -> None:
    silent = RunSummary(path=Path("runs/far"), state=State.UNKNOWN, last_word=NOW - 120)
    assert table([silent], NOW)[1].startswith("no word for 2:00")


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["pause"], Pause()),
        (["resume"], Resume()),
        (["save"], Save()),
        (["stop"], Stop()),
        (["stop", "--no-save"], Stop(save=False)),
    ],
)
def test_a_live_run_gets_the_command(
    arguments: list[str], command: object, cifar_tui: Command, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, object]] = []

    def answer(directory: Path, sent: object) -> Answer:
        asked.append((directory, sent))
        return Answer(0)

    monkeypatch.setattr(control, "ask", answer)
    done = cifar_tui(arguments[0], "fast-stopped", *arguments[1:], "--runs-dir", str(runs_dir))
    assert done.code == 0 and done.out.startswith("fast-stopped ") and done.err == ""
    assert asked == [(runs_dir / "fast-stopped", command)]


def test_a_refusal_is_exit_code_1_with_the_reason(
    cifar_tui: Command, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ask", lambda *_: Answer(0, refused="it has ended"))
    done = cifar_tui("pause", "fast-stopped", "--runs-dir", str(runs_dir))
    assert done.code == 1 and done.err == "cifar-tui: fast-stopped: it has ended\n" and done.out == ""
    done = cifar_tui("pause", "fast-stopped", "--json", "--runs-dir", str(runs_dir))
    assert done.code == 1 and json.loads(done.out)["refused"] == "it has ended"


def test_an_ended_run_is_not_live_and_says_how_to_continue(cifar_tui: Command, runs_dir: Path) -> None:
    done = cifar_tui("resume", "fast-stopped", "--runs-dir", str(runs_dir))
    assert done.code == 1
    assert "it is not live: stopped" in done.err and "cifar-tui --resume fast-stopped" in done.err
    (runs_dir / "demo-done" / "checkpoints").mkdir()
    done = cifar_tui("pause", "demo-done", "--runs-dir", str(runs_dir))
    assert done.code == 1 and "it is not live: done" in done.err and "--resume" not in done.err


def test_a_live_run_that_does_not_answer_says_why(
    cifar_tui: Command, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> Answer:
        raise NotConnectedError("its process does not answer")

    live = RunSummary(path=runs_dir / "fast-stopped", state=State.TRAINING)
    monkeypatch.setattr(control, "ask", unreachable)
    monkeypatch.setattr(control, "summarize", lambda _: live)
    done = cifar_tui("save", "fast-stopped", "--runs-dir", str(runs_dir))
    assert done.code == 1 and "its process does not answer" in done.err


@pytest.mark.parametrize("arguments", [["pause"], ["pause", "nowhere"], ["stop", ""]])
def test_mistakes_are_one_line_and_exit_code_2(arguments: list[str], cifar_tui: Command, runs_dir: Path) -> None:
    done = cifar_tui(*arguments, "--runs-dir", str(runs_dir))
    assert done.code == 2 and done.out == "" and len(done.err.splitlines()) == 1
