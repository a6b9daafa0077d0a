"""The tutorial's network."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from engine.models.registry import MODELS, make_model
from engine.models.summary import count_parameters
from engine.models.tutorial import TutorialNet, drop


def test_shapes_and_parameters() -> None:
    model = make_model(MODELS["tutorial"].choose(), 10, seed=0)
    assert model(torch.zeros(7, 3, 32, 32)).shape == (7, 10)
    # 3x3x3x16+16, 3x3x16x32+32, 3x3x32x64+64, 1024x500+500, 500x10+10
    assert count_parameters(model) == 448 + 4640 + 18496 + 512500 + 5010


def test_pooling_before_relu_equals_relu_before_pooling_bit_for_bit() -> None:
    model = TutorialNet(10, dropout=0.0)
    x, y = torch.randn(20, 3, 32, 32), torch.randint(0, 10, (20,))

    def as_written(x: torch.Tensor) -> torch.Tensor:
        for conv in (model.conv1, model.conv2, model.conv3):
            x = F.max_pool2d(F.relu(conv(x)), 2)
        return model.fc2(F.relu(model.fc1(x.flatten(1))))

    def gradients(forward: nn.Module | object) -> list[torch.Tensor]:
        model.zero_grad()
        F.cross_entropy(forward(x), y).backward()  # type: ignore[operator]
        return [p.grad.clone() for p in model.parameters() if p.grad is not None]

    assert torch.equal(model(x), as_written(x))
    ours, theirs = gradients(model), gradients(as_written)
    assert len(ours) == 10
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_the_seed_determines_the_initial_weights() -> None:
    torch.rand(3)
    a, b, c = (make_model(MODELS["tutorial"].choose(), 10, seed).state_dict()["conv1.weight"] for seed in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_dropout_works_in_training_only() -> None:
    model, x = TutorialNet(10, dropout=0.5), torch.randn(4, 3, 32, 32)
    assert not torch.equal(model.train()(x), model(x))
    assert torch.equal(model.eval()(x), model(x))


@pytest.mark.parametrize("p", [0.25, 0.3])
def test_dropout_drops_each_element_equally_often_and_independently_of_its_neighbours(p: float) -> None:
    torch.manual_seed(0)
    n = 40_000
    kept = drop(torch.ones(n, 11), p, training=True)
    assert torch.allclose(kept.unique(), torch.tensor([0.0, 1 / (1 - p)]))
    share = (kept == 0).float()
    spread = (p * (1 - p) / n) ** 0.5
    assert (share.mean(0) - p).abs().max() < 5 * spread  # each place, whichever byte of a drawn word decides it
    both = (share.T @ share / n).fill_diagonal_(p * p)
    assert (both - p * p).abs().max() < 5 / n**0.5 * p


def test_dropout_masks_gradients_and_does_nothing_in_evaluation() -> None:
    torch.manual_seed(1)
    x = torch.rand(5, 13, requires_grad=True)
    out = drop(x, 0.25, training=True)
    out.sum().backward()
    assert x.grad is not None
    assert torch.allclose(x.grad * x, out)
    assert drop(x, 0.25, training=False) is x
    assert drop(x.bfloat16(), 0.25, training=True).dtype == torch.bfloat16


@pytest.mark.parametrize("p", [0.25, 0.3])
def test_the_generator_determines_what_dropout_drops(p: float) -> None:
    x = torch.ones(100)
    one, same, other = (drop(x, p, True, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
