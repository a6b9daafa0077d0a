"""Inspecting an image: any file, any pixels, and neither the network nor a run is changed by it."""

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
from engine.events.commands import Evaluate, InspectImage
from engine.events.types import EpochCompleted, Event, InspectionFailed, LossSampled, ValidationStarted
from engine.inspection.inspect import DRAWS, answer, inspect
from engine.inspection.types import ImageInspected
from engine.models.registry import MODELS, make_model
from engine.models.summary import layer_table
from engine.training.control import Control
from tests.support.networks import normalized_net
from tests.support.runs import train


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


def test_an_image_file_is_inspected_as_it_was_read(tmp_path: Path) -> None:
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
def test_pixels_that_are_not_an_image_are_refused(pixels: str) -> None:
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


def test_inspecting_and_evaluating_on_the_way_changes_no_bit_of_a_run(quick: Callable[..., Config]) -> None:
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
