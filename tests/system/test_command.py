"""The command line as users run it: output, exit codes, signals."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.events.codec import BY_NAME
from tests.support.command import COMMAND, run_command, training_arguments
from tui_cifar.bench.support.pseudo_terminal import PseudoTerminal


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["--help"], "tui_cifar.cli.main"),
        (["--help"], "argparse"),
        (["--headless", "--demo"], "tui_cifar.cli.headless"),
        (["browse", "run"], "tui_cifar.cli.commands.browse"),
        (["bench", "look"], "tui_cifar.bench.look"),
    ],
)
def test_an_interrupt_during_the_imports_is_quiet(tmp_path: Path, arguments: list[str], place: str) -> None:
    code = (
        "import os, signal, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {place!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from tui_cifar.cli.entry import main\n"
        "sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_ignored_interrupt_stays_ignored() -> None:
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from tui_cifar.cli import entry, main as cli\n"
        "cli.main = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.exit(entry.main())"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--epoch", "3"], "did you mean '--epochs'"),
        (["--headless", "--dataset", "cifar100"], "did you mean 'cifar10'"),
        (["--headless", "--dataset", "./nowhere"], "./nowhere"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run_command(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    errors = done.stderr.strip().splitlines()
    assert len(errors) == 1 and errors[0].startswith("cifar-tui: ") and said in errors[0], done.stderr
    assert not (tmp_path / "runs").exists()


def test_offline_without_data_names_the_options(tmp_path: Path) -> None:
    proxy = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    done = run_command("--headless", "--data-dir", tmp_path / "data", cwd=tmp_path, env=proxy)
    assert done.returncode == 2
    errors = done.stderr.strip().splitlines()
    assert len(errors) == 1
    assert all(option in errors[0] for option in ("Try again", "--data-dir", "--dataset shapes"))
    assert not list((tmp_path / "data").iterdir())


def test_a_missing_cuda_device_is_one_line(tmp_path: Path) -> None:
    done = run_command("--headless", "--device", "cuda", "--demo", cwd=tmp_path, env={"CUDA_VISIBLE_DEVICES": ""})
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1 and "--device cpu" in done.stderr


def test_a_dumb_terminal_is_refused_before_any_escape_sequence(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    done = subprocess.run(
        [*COMMAND, "--demo"],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        timeout=60,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(slave)
    assert done.returncode == 2 and b"--headless" in done.stderr
    os.set_blocking(master, False)
    with pytest.raises((BlockingIOError, OSError)):  # nothing was written
        os.read(master, 1)
    os.close(master)


def test_headless_prints_a_line_per_epoch_and_the_test(image_folder: Path, tmp_path: Path) -> None:
    done = run_command("--headless", *training_arguments(image_folder, tmp_path / "runs"))
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    epochs = [line for line in lines if line.startswith("epoch ")]
    assert len(epochs) == 2
    assert "train loss" in epochs[0] and "validation loss" in epochs[0] and "validation loss none → " in epochs[0]
    assert "saved " in epochs[0] and "epoch-0001.pt" in epochs[0]
    assert any(line.startswith("test, best weights of epoch ") and "(" in line for line in lines)
    assert any(line.startswith("  green") and "of 10)" in line for line in lines)
    assert any("72 training, 18 validation, 30 test images, 3 classes" in line for line in lines)
    assert (tmp_path / "runs" / "run" / "checkpoints" / "best.pt").exists()
    assert lines[-1].endswith("checkpoints/best.pt")


def test_headless_json_prints_events_and_nothing_else(image_folder: Path, tmp_path: Path) -> None:
    done = run_command("--headless", *training_arguments(image_folder, tmp_path / "runs", "--json"))
    assert done.returncode == 0
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(e["event"] in BY_NAME and isinstance(e["time"], float) for e in events)
    names = [e["event"] for e in events]
    assert names[0] == "run_started" and names[-1] == "run_completed" and names.count("epoch_completed") == 2
    assert {
        "epoch",
        "train_loss",
        "train_accuracy",
        "valid_loss",
        "valid_accuracy",
        "learning_rate",
        "seconds",
        "images_per_second",
        "per_class",
    } <= set(next(e for e in events if e["event"] == "epoch_completed"))


def test_output_is_readable_without_utf8(image_folder: Path, tmp_path: Path) -> None:
    done = run_command(
        "--headless",
        *training_arguments(image_folder, tmp_path / "runs"),
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )
    assert done.returncode == 0
    assert done.stdout.isascii() and "none -> " in done.stdout


def test_a_closed_pipe_stops_quietly(image_folder: Path, tmp_path: Path) -> None:
    command = " ".join([*COMMAND, "--headless", *training_arguments(image_folder, tmp_path / "runs")])
    done = subprocess.run(f"{command} | head -1", shell=True, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""


def test_a_configuration_file_is_read_and_flags_override_it(image_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('epochs = 7\nmomentum = 0.5\nrecipe = "tutorial"\n')
    done = run_command("--headless", *training_arguments(image_folder, tmp_path / "runs", "--config", str(file)))
    assert done.returncode == 0
    config = json.loads((tmp_path / "runs" / "run" / "config.json").read_text())["config"]
    assert (config["epochs"], config["momentum"], config["lr"]) == (2, 0.5, 0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_stops_saves_and_names_the_command_that_resumes(
    image_folder: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    arguments = training_arguments(image_folder, tmp_path / "runs", epochs=100_000)
    process = subprocess.Popen(
        [*COMMAND, "--headless", "--on-hangup=stop", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("epoch "):
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert "to resume:    cifar-tui --resume " in out
    assert number.name in out
    assert not list((tmp_path / "runs" / "run").rglob("*.tmp"))


def test_resume_continues_the_newest_unfinished_run(image_folder: Path, tmp_path: Path) -> None:
    arguments = training_arguments(image_folder, tmp_path / "runs", epochs=100_000)
    process = subprocess.Popen([*COMMAND, "--headless", *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("epoch      2/"):
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    done = run_command("--headless", "--runs-dir", tmp_path / "runs", "--resume", "--epochs", "3")
    # The run was past 3 epochs: nothing is left to train, only the test.
    assert done.returncode == 0, done.stderr
    assert ", resumed from " in done.stdout and "test, best weights" in done.stdout
    again = run_command("--headless", "--runs-dir", tmp_path / "runs", "--resume")
    assert again.returncode == 2 and "no unfinished run" in again.stderr


def test_predict_json_is_for_scripts(finished_run: Path, image_folder: Path) -> None:
    images = [str(image_folder / "test" / name / "001.png") for name in ("red", "green")]
    done = run_command("predict", str(finished_run), *images, str(image_folder / "none.png"), "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["image"] for line in lines] == images
    for line in lines:
        assert line["class"] == line["top"][0]["class"] and len(line["top"]) == 3
        assert sum(t["probability"] for t in line["top"]) == pytest.approx(1, abs=1e-4)
        assert line["probability"] == max(t["probability"] for t in line["top"])
    assert done.returncode == 2 and done.stderr.startswith("cifar-tui: ") and "none.png" in done.stderr


def test_the_dashboard_restores_the_terminal(image_folder: Path, tmp_path: Path) -> None:
    with PseudoTerminal().run([*COMMAND, *training_arguments(image_folder, tmp_path / "runs")]) as terminal:
        terminal.until("DONE")
        terminal.send("q")
        assert terminal.wait() == 0, terminal.text()
        assert terminal.left_changed() == []
        sent = terminal.sent
        for switched_on in (b"\x1b[?1049h", b"\x1b[?1000h", b"\x1b[?25l"):
            assert switched_on in sent
        after = sent[sent.rfind(b"\x1b[?1049l") :]
        assert b"test accuracy" in after and b"best.pt" in after


def test_a_training_thread_that_dies_is_a_failure() -> None:
    code = (
        "import sys; from engine.config.sources import make_config; from tui_cifar.cli.headless import run_headless\n"
        "def engine(*_): raise RuntimeError('broken')\n"
        "sys.exit(run_headless(make_config(), None, as_json=False, engine=engine))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "broken" in done.stderr
