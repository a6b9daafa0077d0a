"""Looking inside networks: Grad-CAM where the answer is known, layer table by hand, and a network left as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from engine.config.schema import Config
from engine.config.sources import make_config
from engine.data.image_file import read_image
from engine.errors import CheckpointError, DataError
from engine.events.commands import Evaluate, InspectImage
from engine.events.types import EpochCompleted, Event, InspectionFailed, LossSampled, ValidationStarted
from engine.inspection.inspect import DRAWS, answer, inspect
from engine.inspection.trained_model import load_trained
from engine.inspection.types import ImageInspected
from engine.models.gradcam import feature_maps, grad_cam
from engine.models.registry import MODELS, make_model
from engine.models.summary import first_filters, layer_table
from engine.storage.checkpoint import serialize
from engine.storage.predictions import FILE, read_predictions
from engine.training.control import Control
from tests.support.runs import train


class RedOrGreen(nn.Module):
    """Class 0 is how much red there is, class 1 how much green: the only pixels that speak for a class are of its colour."""

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
def test_grad_cam_finds_what_speaks_for_a_class(target: int, where: slice) -> None:
    (cam,), probabilities, (chosen,) = grad_cam(RedOrGreen(), red_left_green_right(), (target,))
    wanted = np.zeros((32, 32))
    wanted[:, where] = 1
    assert chosen == target and cam == pytest.approx(wanted)
    assert probabilities.tolist() == pytest.approx([0.5, 0.5])


def test_grad_cam_of_all_classes_the_likeliest_first_and_empty_where_nothing_speaks() -> None:
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


def normalized_net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 2, bias=True),
        nn.GELU(),
        nn.Conv2d(8, 16, 3, padding="same", bias=False, groups=2),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(16),
        nn.GELU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(16, 10, bias=False),
    )


def test_the_layer_table_by_hand() -> None:
    layers = layer_table(normalized_net())
    assert [x.name for x in layers] == [str(i) for i in range(10)]
    assert [(x.kind, x.output, x.parameters, x.multiply_adds) for x in layers if x.multiply_adds] == [
        ("Conv2d 2×2, 3 → 8", (8, 31, 31), 8 * 12 + 8, 31 * 31 * 8 * 12),
        ("Conv2d 3×3, 8 → 16", (16, 31, 31), 16 * 4 * 9, 31 * 31 * 16 * 4 * 9),
        ("Linear, 16 → 10", (10,), 160, 160),
    ]
    assert layers[3].kind == "MaxPool2d 2×2" and layers[4].parameters == 32 and layers[7].output == (16,)


def test_the_tutorials_table_adds_up() -> None:
    layers = layer_table(make_model(MODELS["tutorial"].choose(), 10, seed=0))
    assert [x.name for x in layers] == ["conv1", "conv2", "conv3", "fc1", "fc2"]
    assert sum(x.parameters for x in layers) == 541_094
    assert layers[0].multiply_adds == 32 * 32 * 16 * 27


def test_a_layer_that_runs_twice_counts_its_parameters_once() -> None:
    same = nn.Conv2d(3, 3, 1)
    layers = layer_table(nn.Sequential(same, same))
    assert [x.parameters for x in layers] == [12, 0] and layers[0].multiply_adds == layers[1].multiply_adds


def test_filters_and_maps() -> None:
    net = normalized_net()
    filters = first_filters(net)
    assert filters.shape == (8, 2, 2, 3)
    assert filters[5, 0, 1].tolist() == net[0].weight[5, :, 0, 1].tolist()  # type: ignore[index, union-attr]
    assert first_filters(nn.Sequential(nn.Conv2d(8, 2, 3))).shape == (0, 1, 1, 3)
    x = torch.rand(1, 3, 32, 32)
    maps = feature_maps(net, x)
    assert [m.shape for _, m in maps] == [(8, 31, 31), (8, 31, 31), (16, 31, 31), *[(16, 15, 15)] * 3]
    assert maps[0][1] == pytest.approx(net[0](x)[0].detach().numpy(), abs=1e-6)  # type: ignore[index, operator]


@pytest.mark.parametrize("net", [normalized_net(), make_model(MODELS["tutorial"].choose(), 10, seed=0)])
@pytest.mark.parametrize("training", [True, False])
def test_inspecting_changes_nothing(net: nn.Module, training: bool) -> None:
    net.train(training)
    before = copy.deepcopy(net.state_dict())
    random = torch.get_rng_state()
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    names = tuple("abcdefghij")
    config = make_config({"device": "cpu"})
    found = inspect(net, image, config, names, 3, 5)
    layer_table(net)
    assert all(m.training == training for m in net.modules())
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())
    assert torch.equal(random, torch.get_rng_state())
    assert not any(m._forward_hooks for m in net.modules())
    assert found.probabilities.sum() == pytest.approx(1) and found.draws.shape == (DRAWS, 32, 32, 3)
    assert found.network_input == pytest.approx(image / 127.5 - 1, abs=1e-6)
    assert (found.epoch, found.step, found.cams.shape) == (3, 5, (10, 32, 32))
    assert found.cam_classes[0] == found.probabilities.argmax() and sorted(found.cam_classes) == list(range(10))


def test_reading_images_of_any_size(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (200, 10, 20)).save(tmp_path / "wide.png")
    assert read_image(tmp_path / "wide.png")[16, 16].tolist() == [200, 10, 20]
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(DataError, match="not an image"):
        read_image(tmp_path / "text.png")
    with pytest.raises(DataError, match="can't read it"):
        read_image(tmp_path / "none.png")
    with pytest.raises(DataError, match="can't read it"):
        read_image(tmp_path)


def test_a_image_file_is_inspected_as_it_was_read(tmp_path: Path) -> None:
    Image.new("RGB", (50, 50), (0, 255, 0)).save(tmp_path / "green.png")
    command = InspectImage.of_file("7", tmp_path / "green.png")
    event = answer(
        command,
        make_model(MODELS["tutorial"].choose(), 3, seed=0),
        make_config({"device": "cpu"}),
        ("a", "b", "c"),
        1,
        0,
    )
    assert isinstance(event, ImageInspected) and event.id == "7"
    found = event.inspection
    assert found.image[0, 0].tolist() == [0, 255, 0]


@pytest.mark.parametrize("pixels", ["", "AAAA", "ä"])
def test_pixels_that_are_no_image_are_refused(pixels: str) -> None:
    command = InspectImage(id="0", pixels=pixels)
    event = answer(
        command,
        make_model(MODELS["tutorial"].choose(), 3, seed=0),
        make_config({"device": "cpu"}),
        ("a", "b", "c"),
        1,
        0,
    )
    assert isinstance(event, InspectionFailed) and "32×32×3" in event.reason


def test_being_asked_and_evaluated_on_the_way_changes_no_bit_of_a_run(quick: Callable[..., Config]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)

    def curious(event: Event, control: Control) -> None:
        if isinstance(event, (LossSampled, ValidationStarted)):
            control.send(InspectImage.of_pixels("pixels", image))
            control.send(InspectImage.of_file("file", Path("nowhere.png")))
            control.send(Evaluate())

    alone, asked = train(quick(name="alone")), train(quick(name="asked"), curious)
    assert [e.train_loss for e in asked.of(LossSampled)] == [e.train_loss for e in alone.of(LossSampled)]
    assert [e.valid_loss for e in asked.of(EpochCompleted)] == [e.valid_loss for e in alone.of(EpochCompleted)]
    inspected, failed = asked.of(ImageInspected), asked.of(InspectionFailed)
    assert len(inspected) > 2 and any("nowhere.png: can't read it" in e.reason for e in failed)
    assert {e.id for e in inspected} == {"pixels"} and {e.id for e in failed} == {"file"}
    assert {type(e.inspection.epoch) for e in inspected} == {int}


def test_the_network_comes_back_from_its_run(quick: Callable[..., Config]) -> None:
    config = quick(epochs=1)
    train(config)
    run = Path(config.runs_dir) / "run"
    saved = read_predictions(run / FILE)
    images = np.load(saved.images_path)
    trained = load_trained(run)
    assert trained.class_names == saved.class_names and trained.epoch == 1
    assert trained.classify(images) == pytest.approx(saved.probabilities, abs=1e-5)


def test_a_run_without_weights_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(CheckpointError, match=r"no checkpoints/best\.pt yet"):
        load_trained(tmp_path)
    (tmp_path / "checkpoints" / "best.pt").write_bytes(serialize({"config": {}, "class_names": ["a"]}))
    with pytest.raises(CheckpointError, match="no network can be made of it"):
        load_trained(tmp_path)
