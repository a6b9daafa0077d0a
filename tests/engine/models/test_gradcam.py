"""Grad-CAM where the answer is known, and feature maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.models.gradcam import feature_maps, grad_cam
from tests.support.networks import normalized_net


class RedOrGreen(nn.Module):
    """Class 0 is the amount of red, class 1 the amount of green: only pixels of its colour are evidence for a class."""

    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Conv2d(3, 2, 1, bias=False)
        with torch.no_grad():
            self.see.weight.copy_(torch.tensor([[1.0, 0, 0], [0, 1.0, 0]]).view(2, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu_(self.see(x)).mean((2, 3))  # in place, as quick networks do


def red_left_green_right() -> torch.Tensor:
    x = torch.zeros(1, 3, 32, 32)
    x[:, 0, :, :10] = 1
    x[:, 1, :, 22:] = 1
    return x


@pytest.mark.parametrize(("target", "where"), [(0, slice(0, 10)), (1, slice(22, 32))])
def test_grad_cam_finds_the_evidence_for_a_class(target: int, where: slice) -> None:
    (cam,), probabilities, (chosen,) = grad_cam(RedOrGreen(), red_left_green_right(), (target,))
    wanted = np.zeros((32, 32))
    wanted[:, where] = 1
    assert chosen == target and cam == pytest.approx(wanted)
    assert probabilities.tolist() == pytest.approx([0.5, 0.5])


def test_grad_cam_of_all_classes_is_ordered_by_probability_and_empty_without_evidence() -> None:
    x = torch.zeros(1, 3, 32, 32)
    x[:, 1, 8:16, 8:16] = 1
    (cam, other), _, classes = grad_cam(RedOrGreen(), x)
    assert classes == (1, 0) and cam[8:16, 8:16].min() == 1 and cam[:7].max() == 0
    assert not other.any()
    assert (grad_cam(RedOrGreen(), x, (0, 1))[0] == np.stack([other, cam])).all()


def test_grad_cam_on_a_smaller_map_is_scaled_up() -> None:
    net = nn.Sequential(nn.AvgPool2d(8), RedOrGreen())
    (cam,), _, _ = grad_cam(net, red_left_green_right(), (0,))
    assert cam.shape == (32, 32) and cam[:, :4].min() == 1 and cam[:, 20:].max() == 0


def test_grad_cam_works_between_two_batches_of_a_validation() -> None:
    net = RedOrGreen()
    with torch.inference_mode():
        (cam,), _, _ = grad_cam(net, red_left_green_right(), (0,))
    assert cam[:, :10].min() == 1


def test_a_network_without_convolutions_has_no_map() -> None:
    cams, probabilities, _ = grad_cam(nn.Sequential(nn.Flatten(), nn.Linear(3072, 4)), torch.zeros(1, 3, 32, 32))
    assert cams.shape == (4, 32, 32) and not cams.any() and probabilities.shape == (4,)


def test_feature_maps_are_the_spatial_outputs_in_order() -> None:
    net, x = normalized_net(), torch.rand(1, 3, 32, 32)
    maps = feature_maps(net, x)
    assert [name for name, _ in maps] == ["0", "1", "2", "3", "4", "5"]
    assert [values.shape for _, values in maps] == [(8, 31, 31), (8, 31, 31), (16, 31, 31), *[(16, 15, 15)] * 3]
    assert maps[0][1] == pytest.approx(net[0](x)[0].detach().numpy(), abs=1e-6)  # type: ignore[index, operator]
