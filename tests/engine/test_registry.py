"""Registries, and what every entry in one keeps to."""

from __future__ import annotations

import inspect

import pytest

from engine.augmentation.registry import AUGMENTATIONS
from engine.data.registry import DATASETS
from engine.models.registry import MODELS
from engine.optim.registry import OPTIMIZERS, SCHEDULES, SGDOptions
from engine.registry import Chosen, Entry, Registry
from tui_cifar.cli.commands.registry import COMMANDS

REGISTRIES: list[Registry[Entry]] = [MODELS, OPTIMIZERS, SCHEDULES, AUGMENTATIONS, DATASETS, COMMANDS]  # type: ignore[list-item]
ENTRIES = [entry for registry in REGISTRIES for entry in registry.values()]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_every_factory_takes_the_settings_of_its_entry_by_name(entry: Entry) -> None:
    parameters = inspect.signature(entry.load()).parameters
    assert entry.description and set(entry.settings) <= set(parameters)


def test_an_entry_is_chosen_with_its_options_and_made() -> None:
    chosen = OPTIMIZERS["sgd"].choose(momentum=0.9)
    assert chosen == Chosen("sgd", SGDOptions(momentum=0.9))
    schedule = SCHEDULES["linear"].choose().make(SCHEDULES, 4, 10)
    assert schedule.multiplier(3, 0) == 0.5


def test_two_entries_of_a_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two optimizer entries"):
        Registry("optimizer", OPTIMIZERS["sgd"], OPTIMIZERS["sgd"])
