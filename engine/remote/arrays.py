"""`ImageInspected` as JSON values: arrays become base64 of their bytes, with dtype and shape."""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.events.types import Event
from engine.inspection.types import FeatureMaps, ImageInspected, Inspection

MAX_BYTES = 4 * 2**20
"""Bytes in all arrays of an event together."""
_TYPES = ("uint8", "float32")


def inspected_to_plain(event: Event) -> dict[str, Any]:
    """The fields of an `ImageInspected` as JSON values. If there are too many feature maps, only the first of each layer.

    Raises:
        ValueError: the arrays are too large all the same.
    """
    assert isinstance(event, ImageInspected)
    inspection = event.inspection
    plain = {f.name: getattr(inspection, f.name) for f in dataclasses.fields(inspection)}
    plain |= {name: _array_to_plain(getattr(inspection, name)) for name in _ARRAYS}
    room = MAX_BYTES - sum(getattr(inspection, name).nbytes for name in _ARRAYS)
    plain["maps"] = [{"layer": m.layer, "values": _array_to_plain(m.values)} for m in _fitting(inspection.maps, room)]
    return {"time": event.time, "id": event.id, "inspection": plain}


def _fitting(maps: Sequence[FeatureMaps], room: int) -> Sequence[FeatureMaps]:
    """The first feature maps of each layer, as many as fit into `room` bytes."""
    while sum(m.values.nbytes for m in maps) > room:
        most = max(len(m.values) for m in maps) // 2
        if most == 0 or room < 0:
            raise ValueError("The answer is too large to send.")
        maps = [FeatureMaps(m.layer, m.values[:most]) for m in maps]
    return maps


def inspected_from_plain(raw: Mapping[str, Any]) -> ImageInspected:
    """Restore what `inspected_to_plain` made.

    Raises:
        ValueError: a field is missing, or has the wrong type or number of dimensions.
    """
    try:
        given = raw["inspection"]
        values = {f.name: given[f.name] for f in dataclasses.fields(Inspection)}
        values |= {name: _array_from_plain(given[name], dimensions) for name, dimensions in _ARRAYS.items()}
        values["maps"] = tuple(FeatureMaps(_text(m["layer"]), _array_from_plain(m["values"], 3)) for m in given["maps"])
        values["class_names"] = tuple(map(_text, given["class_names"]))
        values["cam_classes"] = tuple(map(_integer, given["cam_classes"]))
        values |= {name: _integer(given[name]) for name in ("epoch", "step")}
        return ImageInspected(time=float(raw["time"]), id=_text(raw["id"]), inspection=Inspection(**values))
    except (KeyError, TypeError, AttributeError) as e:
        raise ValueError(f"image_inspected: {type(e).__name__}: {e}") from None


_ARRAYS = {"image": 3, "probabilities": 1, "network_input": 3, "draws": 4, "cams": 3, "filters": 4}
"""The arrays of `Inspection`, and their numbers of dimensions."""


def _array_to_plain(array: np.ndarray) -> dict[str, Any]:
    data = base64.b64encode(array.tobytes()).decode("ascii")
    return {"dtype": str(array.dtype), "shape": array.shape, "data": data}


def _array_from_plain(raw: Mapping[str, Any], dimensions: int) -> np.ndarray:
    shape = tuple(map(_integer, raw["shape"]))
    if raw["dtype"] not in _TYPES or len(shape) != dimensions or min(shape) < 0:
        raise ValueError(f"an array of type {raw['dtype']!r} and shape {shape}")
    data = base64.b64decode(raw["data"], validate=True)
    dtype = np.dtype(raw["dtype"])
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{len(data)} bytes in an array of shape {shape}")
    return np.frombuffer(data, dtype).reshape(shape)


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not an integer")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
