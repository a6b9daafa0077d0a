"""Inspections over the wire."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from engine.remote import arrays
from engine.remote.arrays import inspected_from_plain, inspected_to_plain
from engine.remote.wire import ProtocolError, Published, decode_from_server, encode
from tests.engine.remote.inspected import inspected


def equal(a: Any, b: Any) -> bool:
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(equal(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return bool(a == b)


def test_an_inspection_reads_back_to_the_last_bit() -> None:
    event = inspected()
    received = decode_from_server(encode(Published(event)))
    assert isinstance(received, Published) and received.log is None
    assert equal(received.event, event)


def test_of_a_deep_network_fewer_maps_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    event = inspected(layers=10, channels=16, size=32)  # 640 KB of maps
    monkeypatch.setattr(arrays, "MAX_BYTES", 400_000)
    received = inspected_from_plain(json.loads(json.dumps(inspected_to_plain(event))))
    for sent, had in zip(received.inspection.maps, event.inspection.maps, strict=True):
        assert sent.layer == had.layer and len(sent.values) == 8
        assert np.array_equal(sent.values, had.values[:8])


def test_an_answer_that_is_too_large_even_so_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="too large"):
        inspected_to_plain(inspected())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image", None),
        ("image", {"dtype": "object", "shape": [1, 1, 1], "data": "AAAA"}),
        ("image", {"dtype": "uint8", "shape": [1, 1, 3], "data": "AA=="}),
        ("image", {"dtype": "uint8", "shape": [3], "data": "AAAA"}),
        ("image", {"dtype": "uint8", "shape": [-1, 1, -3], "data": "AAAA"}),
        ("image", {"dtype": "uint8", "shape": [1, 1, 2**70], "data": "AAAA"}),
        ("image", {"dtype": "uint8", "shape": "123", "data": "AAAA"}),
        ("image", {"dtype": "uint8", "shape": [1, 1, 3], "data": "not base64"}),
        ("image", {"dtype": ["uint8"], "shape": [1, 1, 3], "data": "AAAA"}),
        ("maps", [{"layer": 3, "values": {"dtype": "uint8", "shape": [1, 1, 3], "data": "AAAA"}}]),
        ("maps", {"layer": "x"}),
        ("maps", 3),
        ("class_names", [1]),
        ("cam_classes", ["0"]),
        ("epoch", 1.5),
        ("step", ...),
    ],
)
def test_what_is_no_inspection_is_refused(field: str, value: Any) -> None:
    raw = json.loads(encode(Published(inspected())))
    raw["inspection"][field] = value
    if value is ...:
        del raw["inspection"][field]
    with pytest.raises(ProtocolError):
        decode_from_server(json.dumps(raw).encode())
