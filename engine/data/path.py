"""A dataset given by its path: CIFAR-10 as it is published, or a folder of images."""

from __future__ import annotations

import os
from pathlib import Path

from engine.data import cifar
from engine.data.folder import load_folder
from engine.data.registry import DATASETS
from engine.data.types import Dataset, Report
from engine.errors import DataError
from engine.options import listed, nearest
from engine.runtime.atomic_io import expand_path


def load_path(spec: str, cache_dir: Path, report: Report) -> Dataset:
    """The images at a path.

    Raises:
        DataError: there is nothing there, or nothing that can be used.
    """
    path = expand_path(spec)
    if not path.exists():
        near = "" if os.sep in spec else nearest(spec, DATASETS).removesuffix(".")
        raise DataError(f"dataset: {spec!r} is neither {listed((*DATASETS, 'a path that exists'), 'nor')}{near}.")
    if cifar.is_official(path):
        return cifar.load_official(path, cache_dir, report)
    if path.is_file():
        raise DataError(
            f"{path}: not CIFAR-10's archive. Give a folder with train/<class> and test/<class>, or {cifar.ARCHIVE}."
        )
    return load_folder(path, cache_dir, report)
