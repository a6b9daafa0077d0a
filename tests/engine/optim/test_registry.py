"""What holds for every optimizer."""

import subprocess
import sys

import pytest

from engine.optim.registry import OPTIMIZERS


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_does_not_import_the_compiler(optimizer: str) -> None:
    code = f"""
import sys, torch
from engine.config.sources import make_config
from engine.models.registry import make_model
from engine.optim.registry import make_optimizer
config = make_config({{"optimizer": "{optimizer}"}})
model = make_model(config.model, 10, 0)
optimizer = make_optimizer(config.optimizer, model, 2, torch.float32)
optimizer.zero_grad()
model(torch.randn(2, 3, 32, 32)).sum().backward()
optimizer.step()
print("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
