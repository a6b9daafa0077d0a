"""What `torch_private` and `torch_import` rely on in PyTorch. Where one of these fails, its message says what a version changed."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F
from torch.optim.sgd import sgd

from engine.runtime.torch_import import LIBRARIES
from engine.runtime.torch_private import has_onednn_linear, keep_compiler_out, onednn_linear

LINEAR = (
    "mkldnn::_linear_pointwise(Tensor X, Tensor W, Tensor? B, str attr, Scalar?[] scalars, str? algorithm) -> Tensor Y"
)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch was built without oneDNN")
def test_onednns_linear_layer_has_its_name_and_signature() -> None:
    assert hasattr(torch.ops.mkldnn, "_linear_pointwise"), "gone: `Linear` trains by the BLAS, more slowly"
    assert str(torch.ops.mkldnn._linear_pointwise.default._schema) == LINEAR, "another signature: see `onednn_linear`"
    assert has_onednn_linear()


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch was built without oneDNN")
@pytest.mark.parametrize("n", [1, 20, 256])
def test_onednns_linear_layer_computes_what_pytorchs_does(n: int) -> None:
    x, bias = torch.randn(n, 64), torch.randn(50)
    for weight in (torch.randn(50, 64), torch.randn(64, 50).T):  # of any strides: the backward pass transposes
        for b in (bias, None):
            assert torch.allclose(onednn_linear(x, weight, b), F.linear(x, weight, b), rtol=1e-5, atol=1e-4)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch was built without oneDNN")
def test_pytorch_without_onednns_linear_layer_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not has_onednn_linear()


def test_what_keeps_the_optimizers_from_being_compiled_looks_for_the_marked_method_first() -> None:
    source = inspect.getsource(sys.modules["torch._compile"]._disable_dynamo)
    assert 'getattr(fn, "__dynamo_disable", None)' in source, "the compiler is imported again: see `keep_compiler_out`"
    wrapped = {name for name, f in vars(torch.optim.Optimizer).items() if hasattr(f, "__wrapped__")}
    assert {"zero_grad", "add_param_group"} <= wrapped, "no longer wrapped: `keep_compiler_out` may not be needed"


@pytest.mark.parametrize(("call", "imported"), [("keep_compiler_out()", False), ("pass", True)])
def test_an_optimizer_is_made_without_the_compiler(call: str, imported: bool) -> None:
    """Where the second case fails, PyTorch no longer imports its compiler, and `keep_compiler_out` can go."""
    code = f"""
import sys, torch
from engine.runtime.torch_private import keep_compiler_out
{call}
optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
optimizer.zero_grad()
print("torch._dynamo" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(imported)


def test_keeping_the_compiler_out_changes_nothing_about_the_methods() -> None:
    keep_compiler_out()
    parameter = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    parameter.grad = torch.ones(1)
    optimizer.zero_grad()
    assert parameter.grad is None


def test_the_update_of_sgd_can_be_called_by_itself() -> None:
    """`engine.optim` does, because `torch.optim.SGD.step` imports the compiler."""
    wanted = {"params", "d_p_list", "momentum_buffer_list", "has_sparse_grad", "foreach", "fused", "grad_scale"}
    wanted |= {"found_inf", "weight_decay", "momentum", "lr", "dampening", "nesterov", "maximize"}
    assert set(inspect.signature(sgd).parameters) == wanted


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="preloading is for Linux")
def test_the_libraries_that_are_opened_beforehand_are_all_there() -> None:
    folder = Path(torch.__file__).parent / "lib"
    missing = [name for name in LIBRARIES if not (folder / name).exists()]
    assert not missing, "renamed or merged: `import torch` opens them, and the screen stands still meanwhile"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="preloading is for Linux")
def test_opening_the_libraries_beforehand_opens_all_of_pytorchs_own() -> None:
    """In an order in which each finds those that it needs, so that none is left for `import torch`."""
    code = """
from engine.runtime.torch_import import preload_torch
def loaded():
    with open("/proc/self/maps") as f:
        return {line.split()[-1] for line in f if "/torch/lib/" in line}
preload_torch()
before = loaded()
import torch
print(*(loaded() - before), sep="\\n")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    left = {Path(path).name for path in run.stdout.split()}
    assert not left & set(LIBRARIES)
