"""What a network may need of its training, and the defaults for one that needs nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.models.protocol import Network, network_protocol
from engine.models.registry import MODELS, make_model

CPU = torch.device("cpu")


def test_a_plain_module_needs_nothing() -> None:
    model = nn.Linear(3, 2)
    network = network_protocol(model)
    assert network.initialization_images == 0 and network.width == 0
    assert network.random_generator(CPU) is None
    before = [p.requires_grad for p in model.parameters()]
    network.begin_epoch(1)
    network.initialize(torch.zeros(1, 3, 8, 8))
    assert [p.requires_grad for p in model.parameters()] == before


@pytest.mark.parametrize("name", MODELS)
def test_built_in_networks_follow_the_protocol(name: str) -> None:
    model = make_model(MODELS[name].choose(), 10, seed=0)
    assert network_protocol(model) is model


def test_dropout_draws_from_the_networks_generator() -> None:
    model = make_model(MODELS["tutorial"].choose(), 10, seed=0).train()
    assert isinstance(model, Network)
    generator = model.random_generator(CPU)
    assert generator is not None
    x, random = torch.zeros(8, 3, 32, 32), torch.get_rng_state()
    outputs = []
    for seed in (1, 1, 2):
        generator.manual_seed(seed)
        outputs.append(model(x))
    assert torch.equal(outputs[0], outputs[1]) and not torch.equal(outputs[0], outputs[2])
    assert torch.equal(torch.get_rng_state(), random)
