"""Private parts of PyTorch, each behind a function that says what it is for.

`tests/engine/runtime/test_torch_private.py` checks what is relied on, and so names what a new version of PyTorch changed.
What has to happen before `import torch` is in `engine.runtime.torch_import`.
"""

from __future__ import annotations

import torch
from torch import Tensor


def has_onednn_linear() -> bool:
    """Whether `onednn_linear` can be used: PyTorch has oneDNN, and still offers it under this name."""
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def onednn_linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x @ weight.T + bias by oneDNN on the CPU, where `torch.nn.functional.linear` takes the BLAS. Not differentiable.

    Args:
        x: float32 (N, in).
        weight: float32 (out, in).
        bias: float32 (out,).

    Returns:
        float32 (N, out).
    """
    out: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return out


def keep_compiler_out() -> None:
    """Keep `torch.optim.Optimizer` from importing PyTorch's compiler, which takes about a second. Nothing is compiled here.

    Some of its methods are wrapped by `torch._compile._disable_dynamo`, so that they are never compiled. At the first call
    the wrapper imports the compiler to mark the method, and keeps the marked one as its attribute `__dynamo_disable`. Where
    that is already set, to the method itself, the compiler is not needed.
    """
    for method in vars(torch.optim.Optimizer).values():
        wrapped = getattr(method, "__wrapped__", None)
        if callable(wrapped) and not hasattr(wrapped, "__dynamo_disable"):
            setattr(wrapped, "__dynamo_disable", wrapped)
