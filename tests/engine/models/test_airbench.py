"""The network of airbench."""

import pytest
import torch
from torch.nn import functional as F

from engine.models.airbench import BIAS_EPOCHS, AirbenchNet
from engine.models.registry import MODELS, make_model
from engine.optim.muon import make_muon


@pytest.mark.parametrize("size", [16, 24, 32])
def test_images_of_every_size_of_progressive_resizing_are_accepted(size: int) -> None:
    model = make_model(MODELS["airbench"].choose(width=8), 7, seed=0)
    assert model(torch.zeros(3, 3, size, size)).shape == (3, 7)


def test_the_first_layer_whitens_the_patches_of_the_images() -> None:
    model = AirbenchNet(10, width=8)
    smooth = F.avg_pool2d(torch.rand(300, 3, 34, 34), 3, stride=1) * 2 - 1
    model.initialize(smooth)
    out = F.conv2d(smooth, model.whiten.weight)[:, :12].permute(1, 0, 2, 3).reshape(12, -1)
    spread = out @ out.T / out.shape[1]
    assert torch.allclose(spread - torch.diag(spread.diag()), torch.zeros(12, 12), atol=1e-3)
    assert spread.diag().min() > 0.5 and spread.diag().max() < 1.001
    assert torch.equal(model.whiten.weight[12:], -model.whiten.weight[:12])
    assert not model.whiten.weight.requires_grad


def trained_a_little(width: int) -> AirbenchNet:
    model = AirbenchNet(10, width)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.05)
    for _ in range(3):
        F.cross_entropy(model(torch.rand(16, 3, 32, 32) * 2 - 1), torch.arange(16) % 10).backward()
        optimizer.step()
    return model


def test_growing_keeps_the_outputs_and_all_new_channels_learn() -> None:
    model = trained_a_little(8).eval()
    x = torch.rand(32, 3, 32, 32) * 2 - 1
    before = model(x)
    model.grow(12)
    assert model.width == 12 and model.head.weight.shape == (10, 48) and not model.training
    assert torch.allclose(model(x), before, atol=1e-5)
    model.train()
    optimizer = make_muon(model, 16, torch.float32, lr=0.3, weight_decay=2e-6)
    start = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
    for _ in range(2):  # the first step lets the rest listen to the new channels
        optimizer.zero_grad()
        F.cross_entropy(model(x), torch.arange(32) % 10).backward()
        optimizer.step()
    for name, p in model.named_parameters():
        if p.requires_grad and p.ndim > 1:
            assert (p.detach() != start[name]).flatten(1).any(1).all(), f"{name}: a row stands still"
    assert (model.head.weight[:, 32:] != 0).any()


def test_loading_weights_sets_the_width() -> None:
    weights = trained_a_little(8).state_dict()
    for width in (8, 12, 4):
        model = AirbenchNet(10, width)
        model.load_state_dict(weights)
        assert model.width == 8
        assert all(torch.equal(tensor, weights[name]) for name, tensor in model.state_dict().items())


def test_the_first_layers_bias_is_trained_in_the_first_epochs_only() -> None:
    model = make_model(MODELS["airbench"].choose(width=8), 10, seed=0)
    optimizer = make_muon(model, 16, torch.float32, lr=0.3, weight_decay=2e-6)
    moved = []
    for epoch in (1, BIAS_EPOCHS, BIAS_EPOCHS + 1):
        model.begin_epoch(epoch)
        before = [p.detach().clone() for p in (model.whiten.bias, model.head.weight)]
        optimizer.zero_grad()
        F.cross_entropy(model(torch.rand(16, 3, 32, 32) * 2 - 1), torch.arange(16) % 10).backward()
        optimizer.step()
        moved.append(
            [not torch.equal(p, b) for p, b in zip((model.whiten.bias, model.head.weight), before, strict=True)]
        )
    assert moved == [[True, True], [True, True], [False, True]]
