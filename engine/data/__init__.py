"""The images: CIFAR-10, a folder of one's own, or shapes drawn by code, all behind `load_dataset`."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from engine.config.schema import nearest
from engine.data.types import Dataset, LabeledImages, Report
from engine.errors import DataError
from engine.storage.atomic_io import expand_path

__all__ = ["Dataset", "LabeledImages", "Report", "default_data_dir", "load_dataset"]


def default_data_dir() -> Path:
    """Where CIFAR-10 is kept: `$CIFAR_TUI_DATA`, else the user's cache directory, else the working directory."""
    try:
        return Path(os.environ.get("CIFAR_TUI_DATA") or platformdirs.user_cache_path("cifar-tui") / "data")
    except RuntimeError:  # a user without a home, as in some containers
        return Path("cifar-tui-data")


def load_dataset(spec: str, *, data_dir: Path, cache_dir: Path, report: Report) -> Dataset:
    """The images that `spec` names.

    Args:
        spec: "cifar10", "shapes", or the path of an image folder or of an official CIFAR-10 folder or archive.
        data_dir: where CIFAR-10 is looked for, and downloaded to.
        cache_dir: where decoded images are kept for the next start.
        report: told about progress; what its `poll` raises passes through.

    Raises:
        DataUnavailableError: CIFAR-10 is not here and can't be downloaded.
        DataError: the data is there and can't be used; one line says why.
    """
    try:
        return _load(spec, data_dir, cache_dir, report)
    except OSError as e:
        raise DataError(f"{e.filename or spec}: can't read it: {e.strerror or e}.") from None


def _load(spec: str, data_dir: Path, cache_dir: Path, report: Report) -> Dataset:
    if spec == "shapes":
        from engine.data.shapes import load_shapes

        return load_shapes(report)
    from engine.data import cifar as cifar10

    if spec == "cifar10":
        return cifar10.load_cifar10(data_dir, cache_dir, report)
    path = expand_path(spec)
    if not path.exists():
        known = "" if os.sep in spec else nearest(spec, ("cifar10", "shapes")).removesuffix(".")
        raise DataError(f"dataset: {spec!r} is neither cifar10, shapes nor a path that exists{known}.")
    if cifar10.is_official(path):
        return cifar10.load_official(path, cache_dir, report)
    if path.is_file():
        raise DataError(
            f"{path}: not CIFAR-10's archive. Give a folder with train/<class> and test/<class>, or cifar-10-python.tar.gz."
        )
    from engine.data.folder import load_folder

    return load_folder(path, cache_dir, report)
