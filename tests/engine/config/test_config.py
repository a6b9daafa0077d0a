"""Configuration: groups, flat names, ranges, and messages that help."""

from __future__ import annotations

import pytest

from engine.config.recipes import RECIPES
from engine.config.schema import GROUPS, SETTINGS, owners
from engine.config.sources import make_config
from engine.errors import ConfigError
from engine.optim.registry import MuonOptions, SGDOptions


def test_the_tutorial_recipe_is_the_tutorial() -> None:
    c = make_config({"recipe": "tutorial"})
    assert (c.run.epochs, c.run.batch_size, c.run.label_smoothing, c.run.progressive) == (20, 20, 0.0, False)
    assert c.optimizer.name == "sgd"
    assert c.optimizer.options == SGDOptions(lr=0.01, momentum=0.0, nesterov=False, weight_decay=0.0)
    assert (c.model.name, c.model.options.as_dict()) == ("tutorial", {"dropout": 0.25})
    assert (c.schedule.name, c.schedule.options.as_dict()) == ("constant", {})
    assert {a.name: a.options.as_dict()[a.name] for a in c.augmentation} == {
        "flip": "random",
        "rotation": 10.0,
        "crop": 0,
        "cutout": 0,
    }
    assert (c.data.valid_fraction, c.data.stratified, c.runtime.precision) == (0.2, False, "float32")


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_makes_a_valid_configuration(recipe: str) -> None:
    assert make_config({"recipe": recipe}).recipe == recipe
    assert set(RECIPES[recipe].values) <= set(SETTINGS)


def test_flags_override_the_file_which_overrides_the_recipe() -> None:
    c = make_config({"epochs": 3}, {"epochs": 5, "lr": 0.5, "recipe": "demo"})
    assert (c.run.epochs, c.optimizer.options.lr) == (3, 0.5)
    assert c.run.batch_size == RECIPES["demo"].values["batch_size"]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("epochs", 0, "at least 1"),
        ("lr", 0.0, "above 0"),
        ("lr", float("nan"), "out of range"),
        ("momentum", 1.0, "below 1"),
        ("valid_fraction", 0.0, "above 0 and below 1"),
        ("seed", -1, "at least 0"),
        ("epochs", "three", "whole number"),
        ("epochs", 2.5, "whole number"),
        ("epochs", True, "whole number"),
        ("epochs", 2**70, "far too large"),
        ("flip", "sometimes", "off, random or alternating"),
        ("stratified", 1, "true or false"),
        ("device", "gpu", "auto, cpu, cuda"),
        ("model", "vgg", "tutorial"),
        ("optimizer", "adam", "sgd or muon"),
        ("name", "../x", "can't name a folder"),
        ("name", "..", "can't name a folder"),
        ("dataset", "", "empty"),
        ("nesterov", True, "momentum above 0"),
    ],
)
def test_a_bad_value_is_named_along_with_good_ones(key: str, value: object, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected) as e:
        make_config({"recipe": "tutorial", key: value})
    assert key in e.value.message
    assert "\n" not in e.value.message


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="recipe: 'tutoral' is unknown; did you mean 'tutorial'") as e:
        make_config({"recipe": "tutoral"})
    assert e.value.code == "unknown_recipe"


def test_an_unknown_setting_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'epochs'"):
        make_config({"epoch": 3})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"optimizer": "muon", "momentum": 0.9}, "momentum: the optimizer muon has none; it has lr and weight_decay."),
        ({"recipe": "fast", "dropout": 0.1}, "dropout: the network airbench has none; it has width."),
        ({"recipe": "tutorial", "width": 8}, "width: the network tutorial has none; it has dropout."),
        ({"recipe": "fast", "nesterov": False}, "nesterov: the optimizer muon has none; it has lr and weight_decay."),
    ],
)
def test_a_setting_that_the_chosen_entry_does_not_have_is_an_error(given: dict[str, object], message: str) -> None:
    for flags, toml in ((given, {}), ({}, given)):
        with pytest.raises(ConfigError) as e:
            make_config(flags, toml)
        assert e.value.message == message


def test_a_recipes_settings_for_entries_that_are_not_chosen_are_left_out() -> None:
    tutorial = make_config({"recipe": "fast", "model": "tutorial", "progressive": False})
    assert tutorial.model.options.as_dict() == {"dropout": RECIPES["fast"].values["dropout"]}
    muon = make_config({"recipe": "tutorial", "optimizer": "muon"})
    assert muon.optimizer.options == MuonOptions(lr=0.01, weight_decay=0.0)


def test_the_flat_settings_are_those_that_apply() -> None:
    flat = make_config({"recipe": "fast"}).as_dict()
    assert {"recipe", "dataset", "model", "width", "lr", "schedule", "flip", "epochs", "device"} <= set(flat)
    assert not {"dropout", "momentum", "nesterov"} & set(flat)
    assert make_config(flat).as_dict() == flat


def test_replacing_by_flat_names() -> None:
    c = make_config({"recipe": "tutorial", "momentum": 0.9})
    changed = c.replace(epochs=3, lr=0.5)
    assert (changed.run.epochs, changed.optimizer.options.lr, changed.as_dict()["momentum"]) == (3, 0.5, 0.9)
    assert "momentum" not in c.replace(optimizer="muon").as_dict()
    for change in ({"epoch": 3}, {"width": 8}, {"epochs": 0}):
        with pytest.raises(ConfigError):
            c.replace(**change)


def test_smaller_images_need_a_network_that_takes_them() -> None:
    with pytest.raises(ConfigError, match="full-size images only") as e:
        make_config({"recipe": "tutorial", "progressive": True})
    assert e.value.code == "fixed_image_size"
    assert not make_config({"recipe": "fast", "model": "tutorial", "progressive": False}).run.progressive


def test_every_setting_has_help_and_one_type_and_group() -> None:
    assert sum(map(len, GROUPS.values())) == len(SETTINGS)
    for name, setting in SETTINGS.items():
        assert setting.help and type(setting.default) is setting.type, name


def test_settings_know_the_entries_that_have_them() -> None:
    assert owners("momentum") == ("optimizer", ("sgd",))
    assert owners("lr") == ("optimizer", ("sgd", "muon"))
    assert owners("epochs") is None
