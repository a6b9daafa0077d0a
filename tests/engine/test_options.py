"""Options: settings that are checked when made, and the words of messages."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.errors import ConfigError
from engine.options import Options, from_values, listed, nearest, setting, settings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint(Options):
    """Settings of every type."""

    coats: int = setting(2, "layers of paint", low=1, high=9)
    gloss: float = setting(0.5, "how shiny", low=0.0, high=1.0, open_high=True)
    wet: bool = setting(False, "not dry yet")
    colour: str = setting("red", "which one", choices=("red", "green"), resume="fixed")

    def validate(self) -> None:
        if self.wet and self.coats > 5:
            raise ConfigError("wet: it never dries.")


def test_settings_carry_what_is_known_of_them() -> None:
    coats, gloss, wet, colour = settings_of(Paint)
    assert (coats.name, coats.type, coats.default, coats.help) == ("coats", int, 2, "layers of paint")
    assert (coats.range, gloss.range, wet.range, colour.range) == (
        "at least 1 and at most 9",
        "at least 0 and below 1",
        "",
        "red or green",
    )
    assert (coats.resume, colour.resume) == ("inexact", "fixed")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"coats": 0}, "coats: 0 is out of range; it must be at least 1 and at most 9."),
        ({"coats": 2.5}, "coats: 2.5 is not a whole number."),
        ({"coats": True}, "coats: True is not a whole number."),
        ({"gloss": float("inf")}, "gloss: inf is out of range; it must be at least 0 and below 1."),
        ({"wet": "yes"}, "wet: 'yes' is not true or false."),
        ({"colour": "blue"}, "colour: 'blue' is unknown; it must be red or green."),
        ({"wet": True, "coats": 6}, "wet: it never dries."),
    ],
)
def test_every_value_is_checked_when_options_are_made(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as e:
        Paint(**values)  # type: ignore[arg-type]
    assert e.value.message == message


def test_whole_numbers_are_numbers() -> None:
    gloss = Paint(gloss=0).gloss
    assert gloss == 0.0 and type(gloss) is float


def test_text_is_read_as_the_type_of_the_setting() -> None:
    coats, gloss, _, colour = settings_of(Paint)
    assert (coats.parsed("3"), gloss.parsed("0.25"), colour.parsed("green")) == (3, 0.25, "green")
    with pytest.raises(ConfigError, match="coats: 'many' is not a whole number; it must be at least 1"):
        coats.parsed("many")


def test_options_take_their_own_values_out_of_a_table() -> None:
    assert from_values(Paint, {"coats": 3, "size": 7}) == Paint(coats=3)
    assert Paint(coats=3).as_dict() == {"coats": 3, "gloss": 0.5, "wet": False, "colour": "red"}


def test_lists_of_words() -> None:
    assert [listed(words) for words in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("epoch", "; did you mean 'epochs'?"),
        ("batch", "; did you mean 'batch-size'?"),
        ("fsp", "; did you mean 'fps'?"),
        ("gpus", "."),
        ("z", "."),
    ],
)
def test_only_near_words_are_suggested(word: str, end: str) -> None:
    assert nearest(word, ["epochs", "batch-size", "fps"]) == end
    flags = ["--epochs", "--batch-size", "--fps"]
    assert nearest(f"--{word}", flags) == end.replace("mean '", "mean '--")
