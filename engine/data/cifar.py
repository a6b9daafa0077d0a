"""CIFAR-10 as its author publishes it (Krizhevsky, 2009): found, downloaded, unpacked and read.

torchvision knows the address and the checksums, and reads the files. It is imported only when they have to be read.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import torch

from engine.data.cache import read_cached, write_cached
from engine.data.download import download, open_alone
from engine.data.types import Dataset, LabeledImages, Report
from engine.errors import DataError

FOLDER, ARCHIVE = "cifar-10-batches-py", "cifar-10-python.tar.gz"
BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
_WORK = ".unpack-cifar-10-"
"""Prefix of the temporary folders that the archive is unpacked into."""
CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def load_cifar10(data_dir: Path, cache_dir: Path, report: Report) -> Dataset:
    """The official images in `data_dir`, downloaded first if necessary.

    Raises:
        DataUnavailableError: they are not there, and can't be downloaded.
        DataError: they are damaged.
    """
    for path in (data_dir, data_dir / FOLDER, data_dir / ARCHIVE):
        if is_official(path):
            return load_official(path, cache_dir, report)
    source = torchvision_cifar10()
    download(source.url, data_dir / ARCHIVE, source.tgz_md5, report)
    return load_official(data_dir / ARCHIVE, cache_dir, report)


def is_official(path: Path) -> bool:
    """Whether a path is the published archive, the folder inside it, or a folder that contains that folder."""
    if path.is_dir():
        return (path / "test_batch").is_file() or (path / FOLDER / "test_batch").is_file()
    return path.is_file() and path.name.endswith((".tar.gz", ".tgz"))


def load_official(path: Path, cache_dir: Path, report: Report) -> Dataset:
    """The images in the published archive, or in its unpacked folder.

    Raises:
        DataError: it is damaged, incomplete, or can't be unpacked.
    """
    if path.is_file():
        return _load_archive(path, cache_dir, report)
    folder = path if (path / "test_batch").is_file() else path / FOLDER
    report.step("Checking CIFAR-10", str(folder))
    key = f"cifar10-{_digest(folder, report)[:16]}"
    data = read_cached(cache_dir, key)
    if data is None:
        data = write_cached(cache_dir, key, _read(folder, key, report))
    return data


def _load_archive(archive: Path, cache_dir: Path, report: Report) -> Dataset:
    """The images in the archive, which one process at a time unpacks next to it."""
    target = archive.parent / FOLDER
    if not (target / "test_batch").is_file():
        try:
            with open_alone(archive, "rb", report, "unpacks"):
                if not (target / "test_batch").is_file():  # otherwise the other process has just unpacked it
                    return _load_unpacked(archive, target, cache_dir, report)
        except OSError as e:
            raise _not_unpacked(archive, e) from None
    return load_official(target, cache_dir, report)


def _load_unpacked(archive: Path, target: Path, cache_dir: Path, report: Report) -> Dataset:
    """Unpack to `target` for later starts, or to a temporary folder if it can't be written."""
    try:
        for left in archive.parent.glob(f"{_WORK}*"):  # left by a killed process; this one holds the lock
            shutil.rmtree(left, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=_WORK, dir=archive.parent))
    except OSError:
        work = Path(tempfile.mkdtemp(prefix="cifar-tui-"))
    try:
        _unpack(archive, work, report)
        if work.parent != archive.parent:
            return load_official(work / FOLDER, cache_dir, report)
        shutil.rmtree(target, ignore_errors=True)
        (work / FOLDER).rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return load_official(target, cache_dir, report)


def _unpack(archive: Path, work: Path, report: Report) -> None:
    """Unpack the files that belong to CIFAR-10, and nothing else, into `work`."""
    wanted = {f"{FOLDER}/{name}" for name in (*BATCHES, "batches.meta")}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                report.poll()
                if member.name in wanted and member.isfile():
                    report.step("Unpacking CIFAR-10", member.name)
                    tar.extract(member, work, filter="data")
    except (tarfile.TarError, EOFError, OSError) as e:
        raise _not_unpacked(archive, e) from None
    missing = sorted(name for name in wanted if not (work / name).is_file())
    if missing:
        raise DataError(f"{archive}: not CIFAR-10's archive: it lacks {missing[0]}.")


def _not_unpacked(archive: Path, error: Exception) -> DataError:
    return DataError(f"{archive}: can't unpack it: {error}. Delete it to download it again.")


def _digest(folder: Path, report: Report) -> str:
    """A digest of all batches, so that other contents are never mistaken for what is cached."""
    h = hashlib.blake2b(digest_size=16)
    for name in BATCHES:
        report.poll()
        try:
            h.update((folder / name).read_bytes())
        except OSError as e:
            raise DataError(f"{folder / name}: can't read it: {e.strerror or e}.") from None
    return h.hexdigest()


def _read(folder: Path, fingerprint: str, report: Report) -> Dataset:
    """Read the batches with torchvision, which verifies their checksums."""
    source = torchvision_cifar10()
    report.step("Reading CIFAR-10", str(folder))
    real = folder.resolve()

    class Here(source):  # type: ignore[misc, valid-type]
        base_folder = real.name  # torchvision expects a fixed name

    try:
        parts = []
        for train in (True, False):
            report.poll()
            read = Here(str(real.parent), train=train, download=False)
            images = torch.from_numpy(read.data).permute(0, 3, 1, 2).contiguous()
            parts.append(LabeledImages(images, torch.tensor(read.targets)))
    except Exception as e:
        raise DataError(f"{folder}: not the official files, or damaged ({e}).") from None
    return Dataset("cifar10", CLASS_NAMES, parts[0], parts[1], fingerprint)


def torchvision_cifar10() -> Any:
    """torchvision's CIFAR10 class."""
    try:
        from torchvision.datasets import CIFAR10
    except Exception as e:
        raise DataError(
            f"CIFAR-10's files are read by torchvision, which can't be imported ({e}). Repair it, or train on other images."
        ) from None
    return CIFAR10
