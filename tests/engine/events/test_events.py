"""Events: their JSON, and the order in which a run tells them."""

import dataclasses
import json

import pytest

from engine.events import types as events
from engine.events.types import ClassCount, EpochCompleted, TestCompleted, from_json, name_of, to_json

EPOCH = EpochCompleted(
    epoch=3,
    train_loss=1.5,
    train_accuracy=0.4,
    valid_loss=1.25,
    valid_accuracy=0.5,
    learning_rate=0.01,
    seconds=2.5,
    images_per_second=4000.0,
    per_class=(ClassCount(name="cat", correct=1, total=2),),
    best=True,
)


def test_an_event_becomes_a_line_with_its_snake_case_name_and_time() -> None:
    raw = json.loads(to_json(EPOCH))
    assert raw["event"] == "epoch_completed" == name_of(EPOCH)
    assert raw["time"] == EPOCH.time
    assert raw["per_class"] == [{"name": "cat", "correct": 1, "total": 2}]
    assert "\n" not in to_json(EPOCH)


@pytest.mark.parametrize(
    "event",
    [
        EPOCH,
        TestCompleted(epoch=1, loss=0.5, accuracy=0.5, per_class=EPOCH.per_class, confusion=((1, 2), (3, 4))),
        events.RunFailed(title="t", message="m → é", kind="data"),
        events.CheckpointSaved(
            path="a", epoch=1, step=2, reason="best", valid_loss=1.0, previous_best=None, size=10, seconds=0.1
        ),
    ],
)
def test_reading_gives_back_the_event_that_was_written(event: events.Event) -> None:
    assert from_json(to_json(event)) == event


def test_unknown_fields_are_passed_over_and_unknown_events_refused() -> None:
    raw = json.loads(to_json(EPOCH)) | {"of_the_future": 1}
    assert from_json(json.dumps(raw)) == EPOCH
    for line in (
        "",
        "{",
        "[]",
        "1",
        '{"event": "nonsense"}',
        '{"event": ["epoch_completed"]}',
        '{"event": "epoch_completed"}',
    ):
        with pytest.raises(ValueError):
            from_json(line)


OLD = (
    '{"event": "run_started", "time": 1795523460.1, "name": "tutorial-20261124-124420", "directory": "runs/tutorial-1", '
    '"config": {"recipe": "tutorial", "epochs": 20}, "device": "cpu", "device_name": "AMD EPYC", "reason": "no CUDA", '
    '"dataset": "cifar10", "counts": {"train": 40000, "valid": 10000, "test": 10000}, "class_names": ["cat", "dog"], '
    '"parameters": 541094, "epochs": 20, "steps_per_epoch": 2000, "threads": 2, "versions": {"torch": "2.14.1"}, '
    '"resumed_from": null, "epoch": 1, "step": 0}'
)
"""The first line of a log from before runs had a precision and a memory layout."""


def test_an_older_log_keeps_its_head() -> None:
    event = from_json(OLD)
    assert isinstance(event, events.RunStarted)
    assert (event.precision, event.memory_format) == ("float32", "channels_last"), "there was nothing else then"
    assert event.counts["train"] == 40_000 and event.class_names == ("cat", "dog")


def test_events_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        EPOCH.epoch = 4  # type: ignore[misc]


def test_the_names_that_the_documentation_promises_exist() -> None:
    promised = {
        "run_started",
        "epoch_started",
        "epoch_completed",
        "checkpoint_saved",
        "checkpoint_failed",
        "checkpoint_skipped",
        "run_paused",
        "run_resumed",
        "test_completed",
        "run_completed",
        "run_stopped",
        "run_failed",
    }
    assert promised <= set(events.BY_NAME)
