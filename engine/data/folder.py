"""A folder of images, `train/<class>/…` and `test/<class>/…`, of any size and mode, decoded once and cached."""

from __future__ import annotations

import hashlib
import io
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.data.cache import read_cached, write_cached
from engine.data.types import Dataset, LabeledImages, Report
from engine.errors import DataError

EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".avif", ".ico", ".tga"}
)
SIZE = 32
HINT = "Give a folder with train/<class>/ and test/<class>/ images."


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    """Relative to the folder."""
    label: int
    size: int
    changed: int


def load_folder(root: Path, cache_dir: Path, report: Report) -> Dataset:
    """The images in `root`, each converted to 32x32 RGB. Unreadable ones are left out and listed in `skipped`.

    Raises:
        DataError: there are no images, only one class, or training and test classes differ.
    """
    report.step("Looking through the folder", str(root))
    class_names, files = _scan(root, report)
    h = hashlib.blake2b(repr((class_names, SIZE)).encode(), digest_size=16)
    for part in ("train", "test"):
        for f in files[part]:
            h.update(f"{part}\0{f.path}\0{f.size}\0{f.changed}\n".encode("utf-8", "surrogateescape"))
    key = f"folder-{h.hexdigest()[:16]}"
    data = read_cached(cache_dir, key)
    if data is None:
        data, all_read = _decode_all(root, class_names, files, report)
        if all_read:
            data = write_cached(cache_dir, key, data)
    return data


def _scan(root: Path, report: Report) -> tuple[tuple[str, ...], dict[str, list[_File]]]:
    """Sorted class names, and the image files of both splits in a fixed order."""
    classes: dict[str, set[str]] = {}
    for part in ("train", "test"):
        if not (root / part).is_dir():
            raise DataError(f"{root}: it has no folder {part!r}. {HINT}")
        with os.scandir(root / part) as entries:
            classes[part] = {e.name for e in entries if e.is_dir() and not e.name.startswith(".")}
    if classes["train"] != classes["test"]:
        only = {part: sorted(classes[part] - classes[other]) for part, other in (("train", "test"), ("test", "train"))}
        differences = "; ".join(f"only in {part}: {', '.join(names[:5])}" for part, names in only.items() if names)
        raise DataError(f"{root}: the classes under train and test differ ({differences}). {HINT}")
    names = tuple(sorted(classes["train"]))
    files: dict[str, list[_File]] = {"train": [], "test": []}
    for part, found in files.items():
        for label, name in enumerate(names):
            report.poll()
            with os.scandir(root / part / name) as entries:
                for e in sorted(entries, key=lambda e: e.name):
                    if not e.name.startswith(".") and os.path.splitext(e.name)[1].lower() in EXTENSIONS and e.is_file():  # noqa: PTH122
                        stat = e.stat()
                        found.append(_File(f"{part}/{name}/{e.name}", label, stat.st_size, stat.st_mtime_ns))
        if not found:
            raise DataError(f"{root / part}: there are no images. {HINT}")
    if len(names) < 2:
        raise DataError(f"{root}: there is only one class, {names[0]!r}; a classifier needs two. {HINT}")
    return names, files


def file_names(root: Path, report: Report) -> dict[str, list[str]]:
    """The image files of "train" and "test", relative to `root`, in the order in which they are loaded."""
    return {part: [f.path for f in files] for part, files in _scan(root, report)[1].items()}


def _decode_all(
    root: Path, names: tuple[str, ...], files: dict[str, list[_File]], report: Report
) -> tuple[Dataset, bool]:
    """Decode all images, several at a time: Pillow releases Python's lock while it decodes.

    The fingerprint depends on names and contents alone, so that a run can be resumed on a copy of its folder.

    Returns:
        The images, and whether every file could be read from the disk, so that the next start gives the same result.
    """
    skipped: list[str] = []
    all_read = True
    h = hashlib.blake2b(repr((names, SIZE)).encode(), digest_size=16)
    parts = {}
    total, done = sum(map(len, files.values())), 0
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1), thread_name_prefix="decode") as pool:
        for part, found in files.items():
            images = np.empty((len(found), 3, SIZE, SIZE), dtype=np.uint8)
            good = np.ones(len(found), dtype=bool)
            for start in range(0, len(found), 256):
                report.poll()
                report.step("Decoding images", "", done + start, total, "images")
                batch = found[start : start + 256]
                for i, (result, digest) in enumerate(pool.map(lambda f: decode(root / f.path), batch), start):
                    h.update(found[i].path.encode("utf-8", "surrogateescape") + b"\0" + digest)
                    all_read = all_read and bool(digest)
                    if isinstance(result, str):
                        good[i] = False
                        skipped.append(f"{found[i].path}: {result}")
                    else:
                        images[i] = result
            done += len(found)
            labels = np.array([f.label for f in found], dtype=np.int64)[good]
            empty = [name for label, name in enumerate(names) if not (labels == label).any()]
            if empty:
                raise DataError(
                    f"{root / part / empty[0]}: there are no readable images of class {empty[0]!r}"
                    f"{f' ({skipped[0]})' if skipped else ''}. {HINT}"
                )
            parts[part] = LabeledImages(
                torch.from_numpy(images if good.all() else images[good]), torch.from_numpy(labels)
            )
    name = root.resolve().name or str(root)
    return Dataset(name, names, parts["train"], parts["test"], h.hexdigest(), tuple(skipped)), all_read


def decode(path: Path) -> tuple[np.ndarray | str, bytes]:
    """uint8 (3, 32, 32) of an image file, or why it can't be decoded; and a digest of the file, empty if it can't be read."""
    digest = b""
    try:
        content = path.read_bytes()
        digest = hashlib.blake2b(content, digest_size=16).digest()
        with Image.open(io.BytesIO(content)) as image:
            return to_pixels(image), digest
    except MemoryError:  # not the image's fault
        raise
    except UnidentifiedImageError:
        return ("not in a known image format" if content else "an empty file"), digest
    except Exception as e:  # decoders raise almost anything for damaged files
        text = re.sub(r"<_io\.BytesIO object at \w+>", "the file", str(e).replace(str(path), "the file"))
        return " ".join(text.split()) or type(e).__name__, digest


def to_pixels(image: Image.Image) -> np.ndarray:
    """uint8 (3, 32, 32) RGB of an image of any size and mode.

    Turned upright by its EXIF orientation, put on black where transparent, scaled to cover the square, cropped at the centre.
    """
    image.draft("RGB", (SIZE, SIZE))  # JPEG can decode a huge image at a fraction of its size
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("I", "F") or upright.mode.startswith("I;16"):
        values = np.asarray(upright, dtype=np.float64)
        if upright.mode != "F":
            values = values / 257  # 16 bits to 8
        upright = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, (0, 0, 0, 255)), upright)
    rgb = upright.convert("RGB")
    if rgb.size != (SIZE, SIZE):
        rgb = ImageOps.fit(
            rgb, (SIZE, SIZE), Image.Resampling.BOX if min(rgb.size) > 4 * SIZE else Image.Resampling.LANCZOS
        )
    return np.asarray(rgb).transpose(2, 0, 1)
