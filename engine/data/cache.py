"""Decoded images cached on disk between starts: written atomically, verified when read, rebuilt if anything is wrong.

They are read into memory maps of their own, which go back to the system as soon as they are freed. Memory from `malloc` would
stay with the process (see `engine.runtime.allocator`).
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import zlib
from pathlib import Path

import numpy as np
import torch

from engine.data.types import Dataset, LabeledImages
from engine.runtime.atomic_io import remove_temp_files_of_dead_processes

VERSION = 1


def read_cached(directory: Path, key: str) -> Dataset | None:
    """The dataset cached under `key`, or None if there is none, or it is damaged."""
    folder = directory / key
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        arrays = {name: _read(folder / f"{name}.npy") for name in about["crc"]}
        if about["version"] != VERSION or any(_crc(a) != about["crc"][name] for name, a in arrays.items()):
            return None
        train, test = (
            LabeledImages(*(torch.from_numpy(arrays[f"{part}_{what}"]) for what in ("images", "labels")))
            for part in ("train", "test")
        )
        return Dataset(
            about["name"], tuple(about["class_names"]), train, test, about["fingerprint"], tuple(about["skipped"])
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None


def _read(path: Path) -> np.ndarray:
    on_disk = np.load(path, mmap_mode="r")
    array = np.ndarray(on_disk.shape, on_disk.dtype, mmap.mmap(-1, on_disk.nbytes))
    array[...] = on_disk
    return array


def _crc(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).view(np.uint8).reshape(-1).data)


def write_cached(directory: Path, key: str, data: Dataset) -> Dataset:
    """Cache a dataset under `key`, and return it as `read_cached` would, or unchanged if it could not be written."""
    _write(directory, key, data)
    return read_cached(directory, key) or data


def _write(directory: Path, key: str, data: Dataset) -> None:
    """Write the dataset; if the disk refuses, nothing is lost but time at the next start."""
    temporary = directory / f".{key}.{os.getpid()}"
    try:
        temporary.mkdir(parents=True)
        remove_temp_files_of_dead_processes(directory)
        arrays = {
            f"{part}_{what}": getattr(getattr(data, part), what).numpy()
            for part in ("train", "test")
            for what in ("images", "labels")
        }
        for name, array in arrays.items():
            np.save(temporary / f"{name}.npy", array)
        about = {
            "version": VERSION,
            "name": data.name,
            "class_names": data.class_names,
            "fingerprint": data.fingerprint,
            "skipped": data.skipped,
            "crc": {name: _crc(a) for name, a in arrays.items()},
        }
        (temporary / "about.json").write_text(json.dumps(about), encoding="utf-8")
        shutil.rmtree(directory / key, ignore_errors=True)
        temporary.rename(directory / key)
    except OSError:
        pass
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
