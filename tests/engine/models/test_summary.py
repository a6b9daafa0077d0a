"""The layer table by hand, and filters."""

from __future__ import annotations

from torch import nn

from engine.models.registry import MODELS, make_model
from engine.models.summary import first_filters, layer_table
from tests.support.networks import normalized_net


def test_the_layer_table_by_hand() -> None:
    layers = layer_table(normalized_net())
    assert [x.name for x in layers] == [str(i) for i in range(10)]
    assert [(x.kind, x.output, x.parameters, x.multiply_adds) for x in layers if x.multiply_adds] == [
        ("Conv2d 2×2, 3 → 8", (8, 31, 31), 8 * 12 + 8, 31 * 31 * 8 * 12),
        ("Conv2d 3×3, 8 → 16", (16, 31, 31), 16 * 4 * 9, 31 * 31 * 16 * 4 * 9),
        ("Linear, 16 → 10", (10,), 160, 160),
    ]
    assert layers[3].kind == "MaxPool2d 2×2" and layers[4].parameters == 32 and layers[7].output == (16,)


def test_the_layer_table_of_the_tutorials_network() -> None:
    layers = layer_table(make_model(MODELS["tutorial"].choose(), 10, seed=0))
    assert [x.name for x in layers] == ["conv1", "conv2", "conv3", "fc1", "fc2"]
    assert sum(x.parameters for x in layers) == 541_094
    assert layers[0].multiply_adds == 32 * 32 * 16 * 27


def test_a_layer_that_runs_twice_counts_its_parameters_once() -> None:
    same = nn.Conv2d(3, 3, 1)
    layers = layer_table(nn.Sequential(same, same))
    assert [x.parameters for x in layers] == [12, 0] and layers[0].multiply_adds == layers[1].multiply_adds


def test_the_filters_of_the_first_convolution() -> None:
    net = normalized_net()
    filters = first_filters(net)
    assert filters.shape == (8, 2, 2, 3)
    assert filters[5, 0, 1].tolist() == net[0].weight[5, :, 0, 1].tolist()  # type: ignore[index, union-attr]
    assert first_filters(nn.Sequential(nn.Conv2d(8, 2, 3))).shape == (0, 1, 1, 3)
