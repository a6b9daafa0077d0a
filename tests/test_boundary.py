"""The boundary between the packages: the engine knows nothing of the terminal, the command line nothing of PyTorch until it must."""

import pkgutil
import subprocess
import sys

import pytest

import engine

MODULES = ["engine", *(m.name for m in pkgutil.walk_packages(engine.__path__, "engine."))]


def loaded_after(code: str) -> set[str]:
    """Top-level packages in `sys.modules` after running `code` in a fresh process."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*{{m.partition('.')[0] for m in sys.modules}})"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


def test_no_engine_module_imports_the_terminal() -> None:
    assert len(MODULES) > 10
    loaded = loaded_after("\n".join(f"import {m}" for m in MODULES))
    assert "torch" in loaded
    assert not loaded & {"textual", "rich", "tui_cifar", "plotext"}


@pytest.mark.parametrize(
    "module",
    [
        "tui_cifar.cli.main",
        "tui_cifar.app.app",
        "tui_cifar.cli.headless",
        "engine.session.session",
        "engine.events.types",
    ],
)
def test_nothing_imports_torch_before_training_begins(module: str) -> None:
    assert not loaded_after(f"import {module}") & {"torch", "torchvision"}


def test_torchvision_is_not_needed_to_train_on_other_data() -> None:
    code = (
        "import sys; sys.modules['torchvision'] = None\n"
        "from pathlib import Path; from engine.data.registry import load_dataset; from engine.data.types import Report\n"
        "assert len(load_dataset('shapes', data_dir=Path('x'), cache_dir=Path('x'), report=Report()).train) >= 10_000"
    )
    assert "torch" in loaded_after(code)
