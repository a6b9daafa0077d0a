"""Devices, as far as they can be tested without a GPU."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.augmentation.packed import pack
from engine.config.schema import Config
from engine.data.preprocess import to_float
from engine.events.types import LineLogged, RunCompleted
from engine.runtime.allocator import return_freed_memory
from engine.storage.checkpoint import load_checkpoint
from engine.training.state import TrainingState
from tests.support.augmentation import augmenter
from tests.support.hooks import BeforeBatch
from tests.support.runs import train

Quick = Callable[..., Config]


@pytest.mark.parametrize("options", [{}, {"rotation": 10}, {"crop": 4}, {"rotation": 10, "crop": 4, "cutout": 8}])
def test_augmentation_stays_on_the_device_of_the_images(options: dict[str, int]) -> None:
    meta = torch.device("meta")
    images = pack(torch.zeros(9, 3, 32, 32, dtype=torch.uint8, device=meta))
    picked, flips = torch.zeros(4, dtype=torch.int64, device=meta), torch.zeros(9, dtype=torch.bool, device=meta)
    taken = augmenter(**options).apply(images, picked, flips, torch.Generator())
    assert taken.device == meta and to_float(taken, size=14).shape == (4, 3, 14, 14)


@pytest.mark.usefixtures("any_kernels")
def test_deterministic_applies_to_one_run_and_not_to_later_ones(quick: Quick) -> None:
    seen = []
    for name, wanted in (("a", True), ("b", False), ("c", True)):
        r = train(quick(name=name, epochs=1, deterministic=wanted))
        assert isinstance(r.events[-1], RunCompleted)
        seen.append(torch.are_deterministic_algorithms_enabled())
    assert seen == [True, False, True]


def test_any_run_prepares_the_process_for_a_later_deterministic_one() -> None:
    """PyTorch reads this variable once, at the first matrix product on a GPU; without it, it refuses deterministic products."""
    code = "import os; from engine.runtime.device import use_deterministic as u; u(False); print(os.environ['CUBLAS_WORKSPACE_CONFIG'])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == ":4096:8\n"


def test_free_memory_of_a_gpu_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[bool] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: called.append(True))
    return_freed_memory()
    assert called


@pytest.mark.parametrize(("before", "after"), [("channels_last", "contiguous"), ("contiguous", "channels_last")])
def test_momentum_survives_a_change_of_memory_format(quick: Quick, tmp_path: Path, before: str, after: str) -> None:
    layouts = []

    def check(state: TrainingState) -> None:
        buffers = state.optimizer.state
        layouts.extend((p.stride(), v.stride()) for p, b in buffers.items() for v in b.values() if v is not None)

    train(quick(name="whole", epochs=3, momentum=0.9, lr=0.02, memory_format=before))
    train(quick(name="parts", epochs=1, momentum=0.9, lr=0.02, memory_format=before))
    r = train(
        quick(name="parts", epochs=3, momentum=0.9, lr=0.02, memory_format=after),
        resume=tmp_path / "runs" / "parts",
        hook=BeforeBatch(check, "training", epoch=2),
    )
    assert isinstance(r.events[-1], RunCompleted)
    assert any(f"memory_format {before} → {after}" in e.text for e in r.of(LineLogged))
    assert layouts and all(a == b for a, b in layouts)
    a, b = (
        load_checkpoint(tmp_path / "runs" / n / "checkpoints" / "epoch-0003.pt")["model"] for n in ("whole", "parts")
    )
    assert a.keys() == b.keys() and all(torch.allclose(a[k], b[k], atol=1e-4) for k in a), (
        "but for rounding, the same run (a higher rate makes rounding grow)"
    )
