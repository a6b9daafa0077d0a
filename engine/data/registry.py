"""Datasets: an entry each. Add one as a file here and an entry below."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import DataError
from engine.registry import Entry, Registry

if TYPE_CHECKING:
    from engine.data.types import Dataset, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetEntry(Entry):
    """A dataset that has a name."""

    built_in: bool = False
    """Whether the program makes the images itself, so that they are always available."""


DATASETS = Registry(
    "dataset",
    DatasetEntry(
        name="cifar10",
        description="CIFAR-10, downloaded at its first use",
        factory="engine.data.cifar:load_cifar10",
    ),
    DatasetEntry(
        name="shapes",
        description="ten shapes, drawn by the program itself",
        factory="engine.data.shapes:load",
        built_in=True,
    ),
)
"""Those that have a name. Factories take (data_dir, cache_dir, report) and return a `Dataset`."""

ANY_PATH = Entry(
    name="path",
    description="a folder of images, or CIFAR-10's own folder or archive",
    factory="engine.data.path:load_path",
)
"""Any other dataset. The factory takes (path as text, cache_dir, report)."""


def default_data_dir() -> Path:
    """Where downloaded datasets are kept: `$CIFAR_TUI_DATA`, else the user's cache directory, else the working directory."""
    import platformdirs

    try:
        return Path(os.environ.get("CIFAR_TUI_DATA") or platformdirs.user_cache_path("cifar-tui") / "data")
    except RuntimeError:  # a user without a home directory, as in some containers
        return Path("cifar-tui-data")


def load_dataset(spec: str, *, data_dir: Path, cache_dir: Path, report: Report) -> Dataset:
    """Load the images that `spec` names.

    Args:
        spec: a name in `DATASETS`, or the path of an image folder or of an official CIFAR-10 folder or archive.
        data_dir: where downloaded datasets are kept.
        cache_dir: where decoded images are kept for the next start.
        report: receives progress; what its `poll` raises passes through.

    Raises:
        DataUnavailableError: it is not on this machine and can't be downloaded.
        DataError: it is there and can't be used; the message says why in one line.
    """
    try:
        if spec in DATASETS:
            load: Callable[..., Dataset] = DATASETS[spec].load()
            return load(data_dir, cache_dir, report)
        load = ANY_PATH.load()
        return load(spec, cache_dir, report)
    except OSError as e:
        raise DataError(f"{e.filename or spec}: can't read it: {e.strerror or e}.") from None
