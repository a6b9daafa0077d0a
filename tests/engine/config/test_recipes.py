"""Every recipe learns: on the built-in shapes, and on a slice of CIFAR-10 where it is at hand."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config.schema import Config
from engine.events.types import EpochCompleted, RunCompleted, TestCompleted
from engine.inspection.trained_model import load_trained
from engine.models.airbench import AirbenchNet
from engine.training.hooks import Hook
from engine.training.state import TrainingState
from tests.support.runs import train

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="module")
def cifar_slice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 training and 50 test images of each class of CIFAR-10."""
    if not (SHARED / "unpack.sh").is_file():
        pytest.skip(f"{SHARED} is not there: CIFAR-10 as JPEG files, for tests")
    root = tmp_path_factory.mktemp("cifar")
    subprocess.run([SHARED / "unpack.sh", root / "all"], check=True, capture_output=True)
    for part, count in (("train", 200), ("test", 50)):
        for folder in sorted((root / "all" / part).iterdir()):
            (root / "slice" / part / folder.name).mkdir(parents=True)
            for image in sorted(folder.iterdir())[:count]:
                shutil.copy(image, root / "slice" / part / folder.name)
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


def test_the_default_recipe_starts_with_a_narrower_network_and_tests_whichever_was_best(
    quick: Callable[..., Config],
) -> None:
    """A second cycle on wrong labels leaves the first epoch's narrow network as the best one."""
    config = quick(recipe="fast", epochs=3, batch_size=4, width=12)
    widths: list[tuple[int, int]] = []

    class WrongLabels(Hook):
        def before_batch(self, state: TrainingState, batch: int) -> None:
            if state.phase != "training":
                return
            assert isinstance(state.model, AirbenchNet)
            widths.append((state.epoch, state.model.width))
            if (state.epoch, batch) == (2, 0):  # the class that a logit stands for is another one while training
                state.model.register_forward_hook(
                    lambda model, _, logits: logits.roll(-1, dims=1) if model.training else logits
                )

    r = train(config, hook=WrongLabels())
    assert isinstance(r.events[-1], RunCompleted), r.events[-1]
    assert set(widths) == {(1, 8), (2, 12), (3, 12)}
    assert [e.best for e in r.of(EpochCompleted)] == [True, False, False]
    assert r.of(TestCompleted)[0].epoch == 1
    trained = load_trained(Path(config.run.runs_dir) / config.run.name)
    assert isinstance(trained.model, AirbenchNet) and trained.model.width == 8
