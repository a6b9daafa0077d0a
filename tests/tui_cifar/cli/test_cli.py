"""The command line as a subprocess: what users type, what they read, what the shell gets."""

from __future__ import annotations

import errno
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.config.recipes import RECIPES
from engine.events.codec import BY_NAME
from engine.events.types import BatchCompleted
from tui_cifar.cli.headless import PlainPrinter
from tui_cifar.cli.main import main, tune_for_line

COMMAND = [sys.executable, "-m", "tui_cifar"]


def run(
    *arguments: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        stdin=subprocess.DEVNULL,  # type: ignore[call-overload]
        env={**os.environ, **(env or {})},
        timeout=120,
        **options,
    )


def quick(folder: Path, tmp_path: Path, *more: str) -> list[str]:
    return [
        "--headless",
        "--recipe",
        "tutorial",
        "--dataset",
        str(folder),
        "--runs-dir",
        str(tmp_path / "runs"),
        "--name",
        "run",
        "--epochs",
        "2",
        "--batch-size",
        "10",
        "--threads",
        "1",
        "--device",
        "cpu",
        *more,
    ]


def test_help_is_grouped_and_answers_without_torch() -> None:
    done = run("--help")
    assert done.returncode == 0 and done.stderr == ""
    for wanted in (
        "What to train:",
        "How to show it:",
        "Where:",
        "Training (overrides the recipe):",
        "--epochs",
        "--batch-size",
        "--lr",
        "--momentum",
        "--weight-decay",
        "--seed",
        "--valid-fraction",
        "--threads",
        "--resume",
        "--headless",
        "--demo",
    ):
        assert wanted in done.stdout
    code = (
        "import sys\nfrom tui_cifar.cli.main import main\ntry: main(['--help'])\n"
        "finally: assert not {'torch', 'textual', 'numpy'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


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
def test_an_interrupt_while_it_is_still_imported_is_quiet(tmp_path: Path, arguments: list[str], place: str) -> None:
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


def test_an_interrupt_that_is_ignored_stays_so() -> None:
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from tui_cifar.cli import entry, main as cli\n"
        "cli.main = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.exit(entry.main())"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("fps", "remote", "sent"),
    [(2, False, 2), (60, True, 60), (None, False, 30), (None, True, 15)],
)
def test_few_frames_a_second_do_not_hold_up_the_first_nor_a_key(
    monkeypatch: pytest.MonkeyPatch, fps: int | None, remote: bool, sent: int
) -> None:
    for name in ("SSH_CONNECTION", "SSH_TTY", "TEXTUAL_FPS", "TEXTUAL_ANIMATIONS", "COLORTERM", "NO_COLOR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    if remote:
        monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    assert tune_for_line(fps) == sent
    assert os.environ["TEXTUAL_FPS"] == "120", "by which Textual waits before any frame, the first one and a key's too"


def test_version() -> None:
    assert run("--version").stdout.startswith("cifar-tui ")


def test_recipes_are_listed_with_their_values() -> None:
    done = run("recipes")
    assert done.returncode == 0
    assert all(name in done.stdout and recipe.description in done.stdout for name, recipe in RECIPES.items())
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line}
    shown = dict(zip(RECIPES, zip(lines["batch_size"], lines["lr"], strict=True), strict=True))
    assert (shown["tutorial"], shown["demo"]) == (("20", "0.01"), ("32", "0.02"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--epoch", "3"], "did you mean '--epochs'"),
        (["--epochs", "three"], "whole number"),
        (["--epochs", "0"], "at least 1"),
        (["--momentum", "1"], "below 1"),
        (["--recipe", "tutoral"], "did you mean 'tutorial'"),
        (["--device", "gpu"], "cuda:N"),
        (["--json"], "--headless"),
        (["--demo", "--recipe", "tutorial"], "--demo"),
        (["--config", "none.toml"], "none.toml"),
        (["trian"], "did you mean 'train'"),
        (["--images", "sixel"], "half"),
        (["recipes", "x"], "no arguments"),
        (["--headless", "--dataset", "cifar100"], "did you mean 'cifar10'"),
        (["--headless", "--dataset", "./nowhere"], "./nowhere"),
        (["--headless", "--resume", "nowhere"], "no such run"),
        (["--headless", "--resume"], "no unfinished run"),
        (["--epochs"], "expected one argument"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    errors = done.stderr.strip().splitlines()
    assert len(errors) == 1 and errors[0].startswith("cifar-tui: ") and said in errors[0], done.stderr
    assert not (tmp_path / "runs").exists()


def test_offline_without_data_names_the_options(tmp_path: Path) -> None:
    proxy = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    done = run("--headless", "--data-dir", tmp_path / "data", cwd=tmp_path, env=proxy)
    assert done.returncode == 2
    errors = done.stderr.strip().splitlines()
    assert len(errors) == 1
    assert all(option in errors[0] for option in ("Try again", "--data-dir", "--dataset shapes"))
    assert not list((tmp_path / "data").iterdir())


def test_cuda_asked_for_and_absent(tmp_path: Path) -> None:
    done = run("--headless", "--device", "cuda", "--demo", cwd=tmp_path, env={"CUDA_VISIBLE_DEVICES": ""})
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1 and "--device cpu" in done.stderr


def test_without_a_terminal_headless_is_named(tmp_path: Path) -> None:
    done = run("--demo", cwd=tmp_path)
    assert done.returncode == 2 and "--headless" in done.stderr and done.stdout == ""


def test_a_dumb_terminal_is_refused_before_any_escape(tmp_path: Path) -> None:
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


def test_headless_prints_a_line_an_epoch_and_the_test(image_folder: Path, tmp_path: Path) -> None:
    done = run(*quick(image_folder, tmp_path))
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
    done = run(*quick(image_folder, tmp_path, "--json"))
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
    done = run(*quick(image_folder, tmp_path), env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert done.returncode == 0
    assert done.stdout.isascii() and "none -> " in done.stdout


def test_a_closed_pipe_stops_quietly(image_folder: Path, tmp_path: Path) -> None:
    command = " ".join([*COMMAND, *quick(image_folder, tmp_path)])
    done = subprocess.run(f"{command} | head -1", shell=True, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""


def test_a_configuration_file_is_read_and_flags_override_it(image_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('epochs = 7\nmomentum = 0.5\nrecipe = "tutorial"\n')
    done = run(*quick(image_folder, tmp_path, "--config", str(file)))
    assert done.returncode == 0
    config = json.loads((tmp_path / "runs" / "run" / "config.json").read_text())["config"]
    assert (config["epochs"], config["momentum"], config["lr"]) == (2, 0.5, 0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_stops_saves_and_names_the_command_that_goes_on(
    image_folder: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    arguments = quick(image_folder, tmp_path)
    arguments[arguments.index("--epochs") + 1] = "100000"
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("epoch "):
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert "to go on:     cifar-tui --resume " in out
    assert number.name in out
    assert not list((tmp_path / "runs" / "run").rglob("*.tmp"))


def test_resume_goes_on_with_the_newest_unfinished_run(image_folder: Path, tmp_path: Path) -> None:
    arguments = quick(image_folder, tmp_path)
    arguments[arguments.index("--epochs") + 1] = "100000"
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("epoch      2/"):
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    done = run("--headless", "--runs-dir", tmp_path / "runs", "--resume", "--epochs", "3")
    # The run had gone further than 3 epochs: nothing is left to train, and the test is made.
    assert done.returncode == 0, done.stderr
    assert ", resumed from " in done.stdout and "test, best weights" in done.stdout
    again = run("--headless", "--runs-dir", tmp_path / "runs", "--resume")
    assert again.returncode == 2 and "no unfinished run" in again.stderr


def test_the_dashboard_runs_in_a_real_terminal_and_gives_it_back(image_folder: Path, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    import fcntl
    import struct
    import termios

    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    before = termios.tcgetattr(slave)
    arguments = [a for a in quick(image_folder, tmp_path) if a != "--headless"]
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"},
    )
    seen = b""
    os.set_blocking(master, False)
    deadline, quitting = time.monotonic() + 60, False
    while process.poll() is None and time.monotonic() < deadline:
        try:
            seen += os.read(master, 65536)
        except BlockingIOError:
            time.sleep(0.02)
        if not quitting and b"DONE" in seen:
            quitting = True
            os.write(master, b"q")
    try:
        while True:
            seen += os.read(master, 65536)
    except (BlockingIOError, OSError):
        pass
    assert process.returncode == 0, seen[-2000:]
    assert termios.tcgetattr(slave) == before
    for on, off in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?1000h", b"\x1b[?1000l"), (b"\x1b[?25l", b"\x1b[?25h")):
        assert on in seen and seen.rfind(off) > seen.rfind(on)
    after = seen[seen.rfind(b"\x1b[?1049l") :]
    assert b"test accuracy" in after and b"best.pt" in after
    os.close(master)
    os.close(slave)


def test_progress_lines_are_words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    printer = PlainPrinter(lines.append, progress=10)
    for second in range(25):
        now[0] = second
        printer(
            BatchCompleted(
                phase="training",
                epoch=1,
                step=second,
                steps=50,
                images_per_second=4100.0,
                seconds_left=62.0,
                time=-second,  # the clock on the wall may be set back
            )
        )
    assert lines == [f"epoch 1/0, training {percent} %, 4,100 images/s, 1:02 left" for percent in (0, 20, 40)]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--progress"], "--headless"),
        (["--headless", "--json", "--progress"], "--json"),
        (["--headless", "--progress", "0"], "more than 0"),
        (["--fps", "0"], "1 to 60"),
        (["--notify", "loudly"], "--notify"),
        (["bench", "nothing"], "no benchmark"),
    ],
)
def test_wrong_terminal_options_are_refused(arguments: list[str], word: str, tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and word in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["export", "{secret}/run"], ["predict", "{secret}/run", "x.png"]])
def test_what_may_not_be_read_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    secret, stat = tmp_path / "secret", os.stat

    def refuse(path: int | str | Path, **how: bool) -> os.stat_result:
        if str(path).startswith(str(secret)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", refuse)
    with pytest.raises(SystemExit) as e:
        main([a.format(secret=secret) for a in arguments])
    error = capsys.readouterr().err
    assert e.value.code == 2 and len(error.splitlines()) == 1
    assert str(secret) in error and "Permission denied" in error


def test_a_thread_that_dies_without_a_word_is_no_success() -> None:
    code = (
        "import sys; from engine.config.schema import make_config; from tui_cifar.cli.headless import run_headless\n"
        "def engine(*_): raise RuntimeError('broken')\n"
        "sys.exit(run_headless(make_config(), None, as_json=False, engine=engine))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "broken" in done.stderr
