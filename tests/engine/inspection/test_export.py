"""Exported weights: every form is read by the library that it is for, and gives the run's own numbers."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.data.preprocess import to_float
from engine.data.registry import load_dataset
from engine.data.types import Report
from engine.events.commands import Stop
from engine.events.types import RunCompleted
from engine.models.registry import make_model
from engine.storage.checkpoint import load_checkpoint
from engine.storage.predictions import read_predictions
from engine.storage.run_directory import read_config
from tests.support.runs import train
from tui_cifar.cli.main import main


@pytest.fixture(scope="module", params=["tutorial", "fast"])
def run(request: pytest.FixtureRequest, image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch."""
    runs = tmp_path_factory.mktemp("runs")
    values = {
        "recipe": request.param,
        "dataset": str(image_folder),
        "runs_dir": str(runs),
        "name": "run",
        "epochs": 1,
        "batch_size": 10,
        "threads": 1,
        "precision": "float32",
        "memory_format": "channels_last",
        "device": "cpu",
    }
    assert isinstance(train(make_config(values)).events[-1], RunCompleted)
    return runs / "run"


def fresh(run: Path) -> torch.nn.Module:
    """The run's network with other weights."""
    config = make_config(read_config(run))
    return make_model(config.model, 3, seed=1)


@pytest.fixture(scope="module")
def images(image_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> torch.Tensor:
    """The test images as the network takes them."""
    data = load_dataset(str(image_folder), data_dir=Path(), cache_dir=tmp_path_factory.mktemp("c"), report=Report())
    return to_float(data.test.images)


def check(run: Path, logits: torch.Tensor) -> None:
    """The logits are those that the run's own test came to."""
    told = torch.from_numpy(read_predictions(run / "predictions.npz").probabilities)
    torch.testing.assert_close(logits.softmax(1), told, atol=1e-4, rtol=1e-4)


def test_a_state_dict_loads_with_stock_pytorch(run: Path, images: torch.Tensor, tmp_path: Path) -> None:
    target = tmp_path / "model.pt"
    assert main(["export", str(run), "--output", str(target)]) == 0
    weights = torch.load(target, weights_only=True)
    assert all(type(v) is torch.Tensor and v.is_contiguous() for v in weights.values())
    model = fresh(run)
    model.load_state_dict(weights)
    check(run, model.eval()(images))


def test_safetensors(run: Path, images: torch.Tensor, tmp_path: Path) -> None:
    from safetensors import safe_open
    from safetensors.torch import load_file

    target = tmp_path / "model.safetensors"
    assert main(["export", str(run), "--output", str(target)]) == 0
    model = fresh(run)
    model.load_state_dict(load_file(target))
    check(run, model.eval()(images))
    with safe_open(target, "pt") as f:
        assert json.loads(f.metadata()["class_names"]) == ["blue", "green", "red"]


def test_an_exported_program_needs_pytorch_alone(run: Path, images: torch.Tensor, tmp_path: Path) -> None:
    target = tmp_path / "model.pt2"
    assert main(["export", str(run / "checkpoints" / "best.pt"), "--output", str(target)]) == 0
    torch.save(images, tmp_path / "images.pt")
    code = (
        "import sys, torch\n"
        "model = torch.export.load('model.pt2').module()\n"
        "logits = torch.cat([model(torch.load('images.pt')[:29]), model(torch.load('images.pt')[29:])])\n"
        "assert not {'engine', 'tui_cifar'} & set(sys.modules)\n"
        "torch.save(logits, 'logits.pt')\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    check(run, torch.load(tmp_path / "logits.pt"))


def test_onnx_names_its_extra(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)  # as where it is not installed
    with pytest.raises(SystemExit) as e:
        main(["export", str(run), "--output", str(tmp_path / "model.onnx")])
    assert e.value.code == 2 and "cifar-tui[onnx]" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(importlib.util.find_spec("onnxscript") is None, reason="needs the extra 'onnx'")
def test_onnx(run: Path, images: torch.Tensor, tmp_path: Path) -> None:
    import onnx  # type: ignore[import-not-found]
    from onnx.reference import ReferenceEvaluator  # type: ignore[import-not-found]

    target = tmp_path / "model.onnx"
    assert main(["export", str(run), "--output", str(target)]) == 0
    model = onnx.load(target)
    onnx.checker.check_model(model)
    (logits,) = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: images.numpy()})
    check(run, torch.from_numpy(logits))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "RUN"),
        (["nowhere"], "no such run"),
        (["{run}", "--output", "model.txt"], "--format"),
        (["{run}", "--output", "/dev/full/model.pt"], "can't write"),
        (["{run}", "--output", "{run}/checkpoints/model.pt"], "choose another"),
        (["{run}/checkpoints/bad.pt"], "bad.pt"),
    ],
)
def test_mistakes_are_one_line(run: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "checkpoints" / "bad.pt").write_bytes(b"bad")
    with pytest.raises(SystemExit) as e:
        main(["export", *(a.format(run=run) for a in arguments)])
    error = capsys.readouterr().err
    assert e.value.code == 2 and said in error and len(error.splitlines()) == 1


def test_a_run_without_a_whole_epoch_has_nothing_to_export(
    quick: Callable[..., Config], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from engine.events.types import LossSampled

    train(quick(), lambda event, control: control.send(Stop()) if isinstance(event, LossSampled) else None)
    saved = next((tmp_path / "runs" / "run" / "checkpoints").iterdir())
    assert load_checkpoint(saved)["best"]["weights"] is None
    for named in (tmp_path / "runs" / "run", saved):
        with pytest.raises(SystemExit):
            main(["export", str(named)])
        assert "no epoch of this run" in capsys.readouterr().err


@pytest.mark.parametrize("there", ["folder", "pipe", "device"])
def test_only_a_file_is_replaced(run: Path, tmp_path: Path, there: str, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "model.pt"
    if there == "folder":
        target.mkdir()
    elif there == "pipe":
        os.mkfifo(target)
    else:
        target.symlink_to("/dev/null")
    before = target.lstat()
    with pytest.raises(SystemExit) as e:
        main(["export", str(run), "--output", str(target)])
    assert e.value.code == 2 and "not a file" in capsys.readouterr().err
    assert target.lstat().st_ino == before.st_ino
