"""The JSON of events: what is written is read, what is malformed is refused, what version 0.2 wrote is still read."""

from __future__ import annotations

import dataclasses
import json
import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import pytest

from engine.events import types as events
from engine.events.codec import BY_NAME, COMMANDS, Codec, from_json, name_of, to_json
from engine.events.commands import Command, Evaluate, InspectImage, Pause, Resume, Save, Stop
from engine.events.types import ClassCount, EpochCompleted, LineLogged, RunStarted, TestCompleted

LOGS = sorted((Path(__file__).parents[2] / "fixtures" / "runs-0.2").glob("*/events.jsonl"))

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


STARTED = RunStarted(
    name="run",
    directory="runs/run",
    config={"recipe": "fast", "sizes": [24, 32], "lr": 1e-3, "name": None},
    device="cpu",
    device_name="AMD EPYC",
    reason="no CUDA",
    dataset="cifar10",
    counts={"train": 40_000},
    class_names=("cat", "dog"),
    parameters=541_094,
    epochs=20,
    steps_per_epoch=2000,
    threads=2,
    versions={"torch": "2.14.1"},
)


@pytest.mark.parametrize(
    "event",
    [
        EPOCH,
        STARTED,
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


def raw(event: events.Event, **changes: object) -> str:
    return json.dumps({**json.loads(to_json(event)), **changes})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, "1", None, [1.0], {}])
def test_a_value_that_is_no_finite_number_is_no_loss(value: object) -> None:
    with pytest.raises(ValueError):
        from_json(raw(EPOCH, train_loss=value))


@pytest.mark.parametrize("literal", ["1e999", "-1e999", "NaN", "Infinity", "1" + "0" * 400])
def test_a_number_that_no_double_can_hold_is_refused(literal: str) -> None:
    with pytest.raises(ValueError):
        from_json(raw(EPOCH).replace('"train_loss": 1.5', f'"train_loss": {literal}'))


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400, 1.0, True, "3", None])
def test_what_is_no_64_bit_integer_is_no_epoch(value: object) -> None:
    with pytest.raises(ValueError):
        from_json(raw(EPOCH, epoch=value))


def test_every_64_bit_integer_is_read() -> None:
    for epoch in (2**63 - 1, -(2**63)):
        assert from_json(to_json(replace(EPOCH, epoch=epoch))) == replace(EPOCH, epoch=epoch)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_json_cannot_express_is_not_written(value: float) -> None:
    with pytest.raises(ValueError):
        to_json(replace(EPOCH, train_loss=value))
    with pytest.raises(ValueError):
        to_json(replace(STARTED, config={"lr": value}))


def test_a_whole_number_is_read_as_a_float_where_one_is_wanted() -> None:
    event = from_json(raw(EPOCH, train_loss=1))
    assert isinstance(event, EpochCompleted) and repr(event.train_loss) == "1.0"


def test_lists_are_read_as_tuples_and_mappings_are_left_as_they_are() -> None:
    event = from_json(to_json(STARTED))
    assert isinstance(event, RunStarted) and event == STARTED
    assert isinstance(event.class_names, tuple) and isinstance(event.config["sizes"], list)
    test = from_json(
        to_json(TestCompleted(epoch=1, loss=0.5, accuracy=0.5, per_class=EPOCH.per_class, confusion=((1, 2), (3, 4))))
    )
    assert isinstance(test, TestCompleted) and {type(row) for row in test.confusion} == {tuple}
    hash(test)  # nothing in it can change


UNDECODABLE = "caf\udce9 \udcff"
"""A file name in Latin-1, as `os.fsdecode` gives it where names are UTF-8."""


def test_text_that_is_not_valid_unicode_survives_as_ascii_escapes() -> None:
    told: list[events.Event] = [
        LineLogged(source="engine", text=UNDECODABLE),
        replace(STARTED, class_names=(UNDECODABLE, "é"), counts={UNDECODABLE: 1}, config={UNDECODABLE: [UNDECODABLE]}),
        replace(EPOCH, per_class=(ClassCount(name=UNDECODABLE, correct=1, total=2),)),
    ]
    for event in told:
        line = to_json(event)
        assert line.encode().decode() == line and r"caf\udce9 \udcff" in line
        assert from_json(line) == event


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.parent.name)
def test_every_line_of_a_log_of_version_0_2_is_read(log: Path) -> None:
    """Nothing in it is lost: written again, it differs only by what has been renamed since."""
    renamed = {
        "pictures_chosen": "images_chosen",
        "pictures_classified": "images_classified",
        "mirrored_accuracy": "tta_accuracy",
    }
    lines = log.read_text().splitlines()
    assert len(lines) > 50
    for line in lines:
        before = {renamed.get(key, key): value for key, value in json.loads(line).items()}
        before["event"] = renamed.get(before["event"], before["event"])
        assert json.loads(to_json(from_json(line))) == before


def test_earlier_names_of_a_field_do_not_hide_the_present_one() -> None:
    test = TestCompleted(epoch=1, loss=0.5, accuracy=0.5, per_class=(), confusion=(), tta_accuracy=0.75)
    assert from_json(raw(test, mirrored_accuracy=0.25)) == test


def test_events_are_plain_dataclasses() -> None:
    assert replace(EPOCH, epoch=4) != EPOCH == replace(EPOCH)
    assert hash(EPOCH) == hash(replace(EPOCH))
    match from_json(to_json(EPOCH)):
        case EpochCompleted(epoch=epoch, per_class=(ClassCount(name=name),)):
            assert (epoch, name) == (3, "cat")
        case _:
            pytest.fail("no match")


@dataclass(frozen=True)
class Go:
    where: str
    options: Mapping[str, int]


@dataclass(frozen=True)
class GoBack:
    pass


def test_any_union_of_dataclasses_has_a_codec() -> None:
    codec: Codec[Go | GoBack] = Codec("command", get_args(Go | GoBack), earlier_names={"return": "go_back"})
    assert codec.by_name == {"go": Go, "go_back": GoBack}
    go = Go("there", {"speed": 1})
    assert codec.to_json(go) == '{"command": "go", "where": "there", "options": {"speed": 1}}'
    assert codec.from_json(codec.to_json(go)) == go
    assert codec.from_json('{"command": "return"}') == GoBack()
    with pytest.raises(ValueError, match="command"):
        codec.from_json(to_json(EPOCH))


@pytest.mark.parametrize(
    "command",
    [Pause(), Resume(), Save(), Evaluate(), Stop(save=False, reason="SIGTERM"), InspectImage(id="1", path="é")],
)
def test_commands_are_read_as_they_were_written(command: Command) -> None:
    assert COMMANDS.from_json(COMMANDS.to_json(command)) == command


def test_every_command_and_every_event_has_a_name() -> None:
    assert set(COMMANDS.by_name) == {"pause", "resume", "save", "evaluate", "stop", "inspect_image"}
    assert "run_ended" not in BY_NAME and "event" not in BY_NAME, "bases of others"
    with pytest.raises(ValueError, match="not a known command"):
        COMMANDS.from_json(to_json(EPOCH))


def test_the_names_do_not_depend_on_what_else_was_imported() -> None:
    """An event of another module stays in the process, and may hold what JSON can't."""
    code = "import {}; from engine.events.codec import BY_NAME; print(*sorted(BY_NAME))"
    names = {
        subprocess.run([sys.executable, "-c", code.format(module)], capture_output=True, text=True, check=True).stdout
        for module in ("engine.events.types", "engine.inspection.types")
    }
    assert len(names) == 1


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
    assert promised <= set(BY_NAME)
