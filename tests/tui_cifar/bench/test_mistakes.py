"""Mistakes in the arguments of benchmarks."""

from __future__ import annotations

import pytest

from tests.support.command import Command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing",), "unknown benchmark"),
        (("througput",), "did you mean 'throughput'"),
        (("throughput", "--only", "slow"), "names no recipe"),
        (("throughput", "--rounds", "0"), "at least 1"),
        (("to-accuracy", "--target", "72"), "above 0 and below 1"),
        (("saving", "--rounds", "0"), "at least 1"),
        (("speedrun", "--seeds", "0"), "at least 1"),
        (("speedrun", "--airbench", "/nowhere"), "no file"),
        (("speedrun", "--config", "{"), "no valid JSON"),
        (("ui", "--size", "120"), "as in 120x40"),
    ],
)
def test_a_mistake_is_one_line(cifar_tui: Command, arguments: tuple[str, ...], said: str) -> None:
    done = cifar_tui("bench", *arguments)
    assert done.code == 2 and done.out == ""
    assert said in done.err and len(done.err.splitlines()) == 1
