"""The benchmarks as a user runs them, on few images for a moment: what they print, not how fast it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import run_command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("throughput", "--dataset", "/nowhere"), "neither"),
        (("speedrun", "--config", '{"epoch": 1}'), "did you mean 'epochs'"),
    ],
)
def test_a_mistake_found_by_a_measuring_process_is_one_line(arguments: tuple[str, ...], said: str) -> None:
    done = run_command("bench", *arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr and "Traceback" not in done.stderr


def test_throughput_measures_recipes_and_reference_alternately(tmp_path: Path) -> None:
    options = ["--only", "tutorial", "--rounds", "2", "--seconds", "0.5", "--runs-dir", str(tmp_path), "--json"]
    done = run_command("bench", "throughput", *options)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert list(report["cases"]) == ["reference", "tutorial", "tutorial, batch 256"]
    tutorial = report["cases"]["tutorial"]
    assert tutorial["precision"] == "float32" and tutorial["threads"] >= 1 and tutorial["run_seconds"] > 0
    assert tutorial["peak_bytes"] > 2**26 and tutorial["images_per_second"] > 0 and len(tutorial["ratios"]) == 2
    assert report["cases"]["reference"]["ratio"] == 1


def test_to_accuracy_stops_at_the_target_and_tests(image_folder: Path, tmp_path: Path) -> None:
    options = ["--dataset", str(image_folder), "--runs-dir", str(tmp_path), "--target", "0.05", "--seeds", "1"]
    done = run_command("bench", "to-accuracy", "--recipe", "tutorial", "--reference", "0", "--json", *options)
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]["tutorial"]
    assert run["reached"] and run["epochs"] == 1 and run["valid_accuracy"] >= 0.05
    assert 0 <= run["test_accuracy"] <= 1 and 0 < run["seconds"] < run["process_seconds"]


def test_saving_measures_saves_and_deterministic_kernels(tmp_path: Path) -> None:
    options = ["--recipe", "tutorial", "--rounds", "1", "--seconds", "0.5", "--runs-dir", str(tmp_path), "--json"]
    done = run_command("bench", "saving", *options)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report["ways"]) == {"plain", "--deterministic", "always saving"}
    assert all(way["images_per_second"] > 0 for way in report["ways"].values())
    assert report["saves"] > 0 and 0 < report["save_seconds"]["median"] <= report["save_seconds"]["largest"]
    assert report["checkpoint_bytes"] > 2**20 and report["write_seconds"] > 0


AIRBENCH = """
import sys
import torch

with open(sys.argv[0]) as f:
    code = f.read()


class CifarNet:
    def cuda(self):
        return self

    def to(self, memory_format):
        return self

    def compile(self, mode):
        assert mode == "max-autotune"


def main(run, model):
    for part, count in (("train", 90), ("test", 30)):
        data = torch.load(f"cifar10/{part}.pt")
        assert data["images"].shape == (count, 32, 32, 3) and len(data["labels"]) == count and len(data["classes"]) == 3
    print("-" * 80)
    print(f"|  {run!s:>6}  |      7  |     0.9540  |   0.9310  |               |        2.1000  |")
    print("|          |   eval  |     0.9540  |   0.9310  |       0.9401  |        2.2500  |")
"""


def test_speedrun_reads_the_output_of_airbench_on_the_same_images(image_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "airbench94_muon.py"
    file.write_text(AIRBENCH)
    options = [
        "--dataset",
        str(image_folder),
        "--runs-dir",
        str(tmp_path),
        "--device",
        "cpu",
        "--airbench",
        str(file),
    ]
    few = json.dumps({"epochs": 1, "width": 8, "batch_size": 30})
    done = run_command("bench", "speedrun", "--seeds", "2", "--config", few, "--json", *options)
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)["runs"]
    assert runs["airbench94_muon"] == 2 * [{"seconds": 2.25, "accuracy": 0.931, "mirrored": 0.9401}]
    assert len(runs["record"]) == 2
    for result in runs["record"]:
        assert result["seconds"] > 0 and 0 <= result["accuracy"] <= 1 and 0 <= result["mirrored"] <= 1


def test_the_reference_trains_to_a_target(image_folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tui_cifar.bench.support.reference", "--dataset", str(image_folder)]
    command += ["--runs-dir", str(tmp_path), "--epochs", "3", "--target", "0.99"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert result["epochs"] in (1, 2, 3) and 0 <= result["test_accuracy"] <= 1 and result["seconds"] > 0


def test_look_measures_browsing_and_drawing() -> None:
    done = run_command("bench", "look", "--repeat", "1", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {"open 10,000 predictions", "draw 120×40 cells, truecolor", "turn a page at 80×24"} <= set(report)
    assert all(len(entry["seconds"]) == 1 and entry["seconds"][0] > 0 for entry in report.values())


def test_startup_times_the_first_frame_and_the_first_step(image_folder: Path) -> None:
    done = run_command("bench", "startup", "--runs", "1", "--dataset", str(image_folder), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert 0 < report["first_frame_s"] < report["first_step_s"] and report["machine"]["cores"] >= 1


@pytest.mark.long
def test_ui_measures_the_dashboard() -> None:
    few = ("--seconds", "2", "--pairs", "1", "--keys", "4", "--starts", "1")
    done = run_command("bench", "ui", *few, "--json", timeout=900)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["headless_images_per_second"] > 0 and report["dashboard_images_per_second"] > 0
    assert report["key_training_n"] == 4 and 0 < report["key_training_p50"] <= report["key_training_p99"]
    assert report["bytes_per_second_training"] > 0 and report["memory_above_bare"] > 0
    assert report["loop_lag_p50"] <= report["loop_lag_p99"] and report["key_slow_connection_p50"] > 0.15
