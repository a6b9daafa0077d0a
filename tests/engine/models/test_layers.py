"""The linear layer that takes its products from oneDNN."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine.models import layers as linear
from engine.models.layers import Linear

needs_onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch was built without oneDNN")


@needs_onednn
@pytest.mark.parametrize("n", [1, 7, 20, 256])
def test_outputs_and_gradients_equal_those_of_pytorch(n: int) -> None:
    torch.manual_seed(n)
    ours, x, gradient = Linear(64, 50), torch.randn(n, 64), torch.randn(n, 50)

    def results(layer: nn.Module) -> list[torch.Tensor]:
        given = x.clone().requires_grad_()
        out = layer(given)
        wanted = torch.autograd.grad(out, [given, *layer.parameters()], gradient)
        return [out, *wanted]

    theirs = nn.Linear(64, 50)
    theirs.load_state_dict(ours.state_dict())
    assert type(ours(x).grad_fn).__name__ == "_OneDNNBackward"
    for a, b in zip(results(ours), results(theirs), strict=True):
        assert a.is_contiguous()
        assert torch.allclose(a, b, rtol=1e-5, atol=1e-4)


@needs_onednn
def test_no_gradient_is_computed_for_an_input_that_needs_none() -> None:
    layer = Linear(6, 5)
    layer(torch.randn(3, 6)).sum().backward()
    assert layer.weight.grad is not None and layer.bias.grad is not None
    assert torch.equal(layer.bias.grad, torch.full((5,), 3.0))


def test_everything_else_is_left_to_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x = Linear(6, 5), torch.randn(3, 6)
    plain = F.linear(x, layer.weight, layer.bias)
    assert torch.equal(layer.eval()(x), plain)  # as exported networks are
    layer.train()
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16
    assert torch.equal(layer.double()(x.double()), F.linear(x.double(), layer.weight, layer.bias))
    layer.float()
    monkeypatch.setattr(linear, "has_onednn_linear", lambda: False)
    assert torch.equal(layer(x), plain)
