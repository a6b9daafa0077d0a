"""TOML files of settings."""

from pathlib import Path

import pytest

from engine.config.sources import make_config, read_toml
from engine.errors import ConfigError


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
    assert make_config({}, read_toml(file)).run.batch_size == 7
