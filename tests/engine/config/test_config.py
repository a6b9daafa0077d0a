"""Configuration: layers, ranges, and messages that help."""

from pathlib import Path

import pytest

from engine.config.recipes import RECIPES
from engine.config.schema import make_config, read_toml
from engine.errors import ConfigError


def test_the_tutorial_recipe_is_the_tutorial() -> None:
    c = make_config({"recipe": "tutorial"})
    assert (c.epochs, c.batch_size, c.lr, c.momentum, c.weight_decay) == (20, 20, 0.01, 0.0, 0.0)
    assert (c.dropout, c.flip, c.rotation, c.valid_fraction, c.stratified) == (0.25, "random", 10.0, 0.2, False)
    assert (c.optimizer, c.schedule, c.label_smoothing, c.crop, c.cutout) == ("sgd", "constant", 0.0, 0, 0)
    assert (c.progressive, c.precision) == (False, "float32")


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_makes_a_valid_configuration(recipe: str) -> None:
    assert make_config({"recipe": recipe}).recipe == recipe


def test_flags_override_the_file_which_overrides_the_recipe() -> None:
    c = make_config({"epochs": 3}, {"epochs": 5, "lr": 0.5, "recipe": "demo"})
    assert (c.epochs, c.lr, c.batch_size) == (3, 0.5, RECIPES["demo"].values["batch_size"])


@pytest.mark.parametrize(
    ("key", "value", "said"),
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
        ("flip", "sometimes", "off or random or alternating"),
        ("stratified", 1, "true or false"),
        ("device", "gpu", "auto, cpu, cuda"),
        ("model", "vgg", "tutorial"),
        ("name", "../x", "can't name a folder"),
        ("name", "..", "can't name a folder"),
        ("recipe", "tutoral", "did you mean 'tutorial'"),
        ("dataset", "", "empty"),
    ],
)
def test_a_bad_value_is_named_with_what_would_be_good(key: str, value: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as e:
        make_config({key: value})
    assert key in e.value.message
    assert "\n" not in e.value.message


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("epoch = 3\n")
    with pytest.raises(ConfigError, match="did you mean 'epochs'"):
        read_toml(file)


@pytest.mark.parametrize("content", [b"epochs = ", b"\xff\xfe", b"[table]\nepochs = 1"])
def test_a_bad_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as e:
        read_toml(file)
    assert str(file) in e.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml"):
        read_toml(tmp_path / "none.toml")


def test_dashes_in_a_file_are_as_good_as_underscores(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text("batch-size = 7\n")
    assert make_config({}, read_toml(file)).batch_size == 7


def test_smaller_images_need_a_network_that_takes_them() -> None:
    with pytest.raises(ConfigError, match="--no-progressive"):
        make_config({"recipe": "tutorial", "progressive": True})
    assert not make_config({"recipe": "fast", "model": "tutorial", "progressive": False}).progressive
