"""Properties over random input: whatever a file contains, reading it never fails in an unexpected way."""

from __future__ import annotations

import dataclasses
import json
import math
import tempfile
import typing
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config.recipes import RECIPES
from engine.config.schema import SETTINGS
from engine.config.sources import make_config, read_toml
from engine.errors import CheckpointError, ConfigError, EngineError, RunDirectoryError
from engine.events.codec import BY_NAME, from_json, to_json
from engine.events.log import read_events
from engine.events.types import ClassCount, Event, LayerDescribed, SplitDescribed
from engine.storage.checkpoint import load_checkpoint, serialize
from engine.storage.find_runs import is_finished
from engine.storage.run_directory import RunDirectory, read_config
from tests.support.states import same
from tui_cifar.run.state import RunState

relaxed = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)

STATE = {"model": {"w": torch.arange(300.0)}, "epoch": 3, "best": {"weights": None}, "list": [1, 2.5, "x"]}
WHOLE = serialize(STATE)


def read(content: bytes) -> dict[str, Any]:
    """`load_checkpoint` of a file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "epoch-0001.pt"
        path.write_bytes(content)
        return load_checkpoint(path)


# -- checkpoints --------------------------------------------------------------------------------------------------------


@relaxed
@given(st.binary(max_size=400))
def test_random_bytes_are_not_a_checkpoint(content: bytes) -> None:
    with pytest.raises(CheckpointError):
        read(content)


@relaxed
@given(st.integers(0, len(WHOLE) - 1))
def test_a_truncated_checkpoint_is_refused(length: int) -> None:
    with pytest.raises(CheckpointError):
        read(WHOLE[:length])


@relaxed
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_changed_checkpoint_is_refused_or_has_the_same_content(changes: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE)
    for at, value in changes:
        content[at] = value
    try:
        state = read(bytes(content))
    except CheckpointError as e:
        assert len(e.message.splitlines()) == 1
    else:  # a change of padding, for example
        assert same({k: v for k, v in state.items() if k in STATE}, STATE)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@relaxed
@given(st.dictionaries(st.text(min_size=1, max_size=5), plain, max_size=4))
def test_a_checkpoint_is_read_as_it_was_written(state: dict[str, Any]) -> None:
    state = {f"x{k}": v for k, v in state.items()}  # "format" and "digest" belong to the writer
    found = read(serialize(state))
    assert {k: found[k] for k in state} == state and found.keys() - state.keys() == {"format", "digest"}


# -- events -------------------------------------------------------------------------------------------------------------


def values_for(wanted: Any) -> st.SearchStrategy[Any]:
    """Values of the type of a field."""
    origin, parts = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is tuple:
        return st.lists(values_for(parts[0]), max_size=3).map(tuple)
    if origin is not None and issubclass(dict, origin):
        return st.dictionaries(st.text(max_size=5), values_for(parts[1]), max_size=3)
    if parts:
        return st.one_of(*map(values_for, parts))
    if wanted is ClassCount:
        return st.builds(ClassCount, name=st.text(max_size=5), correct=st.integers(0, 99), total=st.integers(0, 99))
    if wanted in (LayerDescribed, SplitDescribed):
        hints = typing.get_type_hints(wanted)
        return st.builds(wanted, **{name: values_for(hint) for name, hint in hints.items()})
    simple: dict[Any, st.SearchStrategy[Any]] = {
        int: st.integers(-(2**40), 2**40),
        float: st.floats(allow_nan=False, allow_infinity=False),
        str: st.text(max_size=10),
        bool: st.booleans(),
        type(None): st.none(),
        Any: st.integers(-(2**63), 2**63 - 1),
    }
    return simple[wanted]


def events() -> st.SearchStrategy[Event]:
    """Events of every type."""

    def of(kind: type[Event]) -> st.SearchStrategy[Event]:
        hints = typing.get_type_hints(kind)
        return st.builds(kind, **{f.name: values_for(hints[f.name]) for f in dataclasses.fields(kind)})

    return st.sampled_from(list(BY_NAME.values())).flatmap(of)


@relaxed
@given(st.lists(events(), max_size=5))
def test_events_are_read_as_they_were_written(written: list[Event]) -> None:
    assert [from_json(to_json(e)) for e in written] == written


@relaxed
@given(st.lists(events(), min_size=1, max_size=4), st.data())
def test_a_truncated_log_keeps_its_complete_lines_and_can_be_appended_to(
    written: list[Event], data: st.DataObject
) -> None:
    content = "".join(to_json(e) + "\n" for e in written).encode()
    cut = data.draw(st.integers(0, len(content)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        path.write_bytes(content[:cut])
        whole = content[:cut].count(b"\n")
        # A last line that lacks only its line break is read as well.
        assert list(read_events(path)) in (written[:whole], written[: whole + 1])
        is_finished(Path(folder))
        directory = RunDirectory(Path(folder))
        directory.append(written[0])
        directory.close()
        assert list(read_events(path)) == [*written[:whole], written[0]]


@relaxed
@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_a_log_of_random_content_is_read_without_an_error(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "events.jsonl").write_bytes(content)
        list(read_events(Path(folder) / "events.jsonl"))
        is_finished(Path(folder))


@relaxed
@given(st.sampled_from(sorted(BY_NAME)), plain, st.data())
def test_a_line_with_a_wrong_value_is_not_an_event(name: str, value: Any, data: st.DataObject) -> None:
    kind = BY_NAME[name]
    hints = typing.get_type_hints(kind)
    names = [f.name for f in dataclasses.fields(kind)]
    field = data.draw(st.sampled_from(names))
    good = data.draw(st.builds(kind, **{f: values_for(hints[f]) for f in names}))
    raw = {"event": name, **dataclasses.asdict(good), field: value}

    try:
        event = from_json(json.dumps(raw))
    except ValueError:
        return
    number = float if "float" in str(hints[field]) else int  # where a float is wanted, a whole number becomes one
    read = json.loads(json.dumps(dataclasses.asdict(event)))[field]
    assert read == json.loads(json.dumps(value), parse_int=number)


def test_deep_nesting_is_not_an_event() -> None:
    for line in ("[" * 100_000, '{"event": "line_logged", "text": ' + "[" * 100_000):
        with pytest.raises(ValueError):
            from_json(line)


@relaxed
@given(st.lists(events(), max_size=8))
def test_the_reducer_accepts_events_in_any_order(events: list[Event]) -> None:
    view = RunState()
    for event in events:
        view.apply(event)
    assert 0 <= view.progress <= 1 and 0 <= view.fraction <= 1
    assert all(math.isfinite(y) for _, y in view.points)


# -- configuration ------------------------------------------------------------------------------------------------------


@relaxed
@given(
    st.text(max_size=80)
    | st.sampled_from(sorted(SETTINGS)).flatmap(lambda k: st.text(max_size=20).map(f"{k} = ".__add__))
)
def test_any_toml_file_is_a_configuration_or_an_error_of_one_line(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.toml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            values = read_toml(path)
        except ConfigError as e:
            assert str(path) in e.message and len(e.message.splitlines()) == 1
        else:
            assert set(values) <= set(SETTINGS)


@relaxed
@given(st.binary(max_size=100) | plain.map(lambda v: repr(v).encode()))
def test_any_recorded_configuration_is_read_or_refused_with_one_line(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_bytes(content)
        try:
            read_config(Path(folder))
        except RunDirectoryError as e:
            assert isinstance(e, EngineError) and len(e.message.splitlines()) == 1


anything = (
    plain
    | st.lists(st.integers(), max_size=2)
    | st.sampled_from([-1, 0, 1, 2.5, 10**400, -(10**400), float("inf"), "cuda:99999", "adam", "\n", "../..", ""])
)


@relaxed
@given(st.dictionaries(st.sampled_from(sorted(SETTINGS)), anything, max_size=4), st.sampled_from(sorted(RECIPES)))
def test_any_values_are_a_configuration_or_an_error_of_one_line(values: dict[str, Any], recipe: str) -> None:
    try:
        config = make_config({"recipe": recipe, **values})
    except ConfigError as e:
        assert len(e.message.splitlines()) == 1
        assert any(name in e.message for name in values), "it names the wrong setting"
    else:
        given = config.as_dict()
        assert {k: given[k] for k in values} == values and make_config(given) == config
        assert make_config(json.loads(json.dumps(given))) == config, "as a run's config.json gives it back"
