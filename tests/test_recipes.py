"""Every recipe learns: on the built-in shapes, and on a slice of CIFAR-10 where it is at hand."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config
from engine.events import EpochCompleted, RunCompleted, TestCompleted
from tests.conftest import train

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="module")
def cifar_slice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 training and 50 test pictures of each class of CIFAR-10."""
    if not (SHARED / "unpack.sh").is_file():
        pytest.skip(f"{SHARED} is not there: CIFAR-10 as JPEG files, for tests")
    root = tmp_path_factory.mktemp("cifar")
    subprocess.run([SHARED / "unpack.sh", root / "all"], check=True, capture_output=True)
    for part, count in (("train", 200), ("test", 50)):
        for folder in sorted((root / "all" / part).iterdir()):
            (root / "slice" / part / folder.name).mkdir(parents=True)
            for picture in sorted(folder.iterdir())[:count]:
                shutil.copy(picture, root / "slice" / part / folder.name)
    return root / "slice"


SMALL: dict[str, dict[str, Any]] = {
    "fast": {"batch_size": 64, "epochs": 5, "lr": 0.1, "width": 8},
    "record": {"batch_size": 64, "epochs": 4, "lr": 0.1, "width": 8},
    "accurate": {"batch_size": 64, "epochs": 4, "lr": 0.1, "width": 8},
    "tutorial": {"epochs": 4, "lr": 0.05},
}
"""The recipes, made small enough for a test: what is left is how each augments, schedules and optimizes."""


@pytest.mark.parametrize("recipe", SMALL)
def test_a_recipe_learns_a_slice_of_cifar10(quick: Callable[..., Config], cifar_slice: Path, recipe: str) -> None:
    r = train(quick(recipe=recipe, dataset=str(cifar_slice), **SMALL[recipe]))
    assert isinstance(r.events[-1], RunCompleted)
    epochs, tested = r.of(EpochCompleted), r.of(TestCompleted)[0]
    assert epochs[-1].train_loss < epochs[0].train_loss
    assert tested.accuracy > 0.2, "twice what guessing gives"


def test_the_default_recipe_learns_the_shapes(quick: Callable[..., Config]) -> None:
    r = train(quick(recipe="fast", dataset="shapes", epochs=2, batch_size=128, lr=0.15, width=8))
    assert r.of(TestCompleted)[0].accuracy > 0.7
