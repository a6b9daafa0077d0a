"""Folders of images: of any kind, decoded once, and clear errors."""

from __future__ import annotations

import errno
import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.data import folder
from engine.data.folder import load_folder, to_pixels
from engine.data.registry import load_dataset
from engine.data.types import Report
from engine.errors import Cancelled, DataError

ARCHIVE = Path(__file__).parents[4] / "shared" / "data" / "cifar10-images.tar.xz"


@pytest.fixture
def root(image_folder: Path, tmp_path: Path) -> Path:
    """A copy of the image folder to spoil."""
    return Path(shutil.copytree(image_folder, tmp_path / "images"))


def count_decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    decoded: list[Path] = []
    real = folder.decode

    def decode(path: Path) -> np.ndarray | str:
        decoded.append(path)
        return real(path)

    monkeypatch.setattr(folder, "decode", decode)
    return decoded


def test_images_labels_and_names(root: Path, tmp_path: Path) -> None:
    data = load_dataset(str(root), data_dir=tmp_path, cache_dir=tmp_path / "cache", report=Report())
    assert data.class_names == ("blue", "green", "red")
    assert data.train.images.shape == (90, 3, 32, 32) and data.train.images.dtype == torch.uint8
    assert (
        torch.bincount(data.train.labels).tolist() == [30] * 3 and torch.bincount(data.test.labels).tolist() == [10] * 3
    )
    first = np.asarray(Image.open(root / "train" / "blue" / "000.png")).transpose(2, 0, 1)
    assert np.array_equal(data.train.images[0].numpy(), first)


def test_the_second_start_decodes_nothing(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = count_decoded(monkeypatch)
    one = load_folder(root, tmp_path / "cache", Report())
    assert len(decoded) == 120
    two = load_folder(root, tmp_path / "cache", Report())
    assert len(decoded) == 120
    assert torch.equal(one.train.images, two.train.images) and torch.equal(one.test.labels, two.test.labels)
    assert (one.fingerprint, one.class_names) == (two.fingerprint, two.class_names)


def test_a_changed_folder_is_decoded_again(root: Path, tmp_path: Path) -> None:
    one = load_folder(root, tmp_path / "cache", Report())
    Image.new("RGB", (32, 32), "white").save(root / "train" / "red" / "999.png")
    two = load_folder(root, tmp_path / "cache", Report())
    assert len(two.train) == 91 and two.fingerprint != one.fingerprint


@pytest.mark.parametrize("spoil", ["cut", "flip", "about"])
def test_a_damaged_cache_is_rebuilt(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str) -> None:
    one = load_folder(root, tmp_path / "cache", Report())
    (kept,) = (tmp_path / "cache").iterdir()
    images = kept / "train_images.npy"
    content = bytearray(images.read_bytes())
    if spoil == "cut":
        images.write_bytes(content[:5000])
    elif spoil == "flip":
        content[5000] ^= 1
        images.write_bytes(content)
    else:
        (kept / "about.json").write_text("{")
    decoded = count_decoded(monkeypatch)
    two = load_folder(root, tmp_path / "cache", Report())
    assert len(decoded) == 120 and torch.equal(one.train.images, two.train.images)


def test_a_cache_that_cannot_be_written_costs_only_time(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert len(load_folder(root, tmp_path / "file" / "cache", Report()).train) == 90


def image(mode: str, size: tuple[int, int]) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.full(size[::-1], 257 * 100, dtype=np.uint16))
    if mode == "F":
        return Image.fromarray(np.full(size[::-1], 100.0, dtype=np.float32))
    grey = Image.new("RGB", size, (100, 100, 100))
    return grey.quantize(4) if mode == "P" else grey.convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "CMYK", "YCbCr", "I;16", "F"])
@pytest.mark.parametrize("size", [(32, 32), (1, 1), (64, 48), (7, 300), (500, 500)])
def test_images_of_any_mode_and_size_become_32_by_32_rgb(mode: str, size: tuple[int, int]) -> None:
    pixels = to_pixels(image(mode, size))
    assert pixels.shape == (3, 32, 32) and pixels.dtype == np.uint8
    assert abs(pixels.astype(int) - 100).max() <= 3


def test_one_bit_images_are_black_and_white() -> None:
    assert to_pixels(Image.new("1", (40, 40), 1)).min() == 255


def test_transparent_images_are_put_on_black() -> None:
    assert to_pixels(Image.new("RGBA", (32, 32), (255, 255, 255, 0))).max() == 0
    half = to_pixels(Image.new("RGBA", (32, 32), (200, 200, 200, 128)))
    assert abs(half.astype(int) - 100).max() <= 1


def test_images_are_turned_upright_by_their_exif_orientation(tmp_path: Path) -> None:
    pixels = np.zeros((32, 32, 3), dtype=np.uint8)
    pixels[:16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    Image.fromarray(pixels).save(tmp_path / "p.png", exif=exif)
    with Image.open(tmp_path / "p.png") as p:
        turned = to_pixels(p)
    assert turned[:, :, 16:].min() == 255 and turned[:, :, :16].max() == 0


def test_a_wide_image_is_cropped_at_the_centre() -> None:
    pixels = np.zeros((32, 96, 3), dtype=np.uint8)
    pixels[:, 32:64] = 255
    assert to_pixels(Image.fromarray(pixels)).min() > 200


def test_unreadable_images_are_listed_and_left_out(root: Path, tmp_path: Path) -> None:
    (root / "train" / "red" / "cut.png").write_bytes((root / "train" / "red" / "000.png").read_bytes()[:100])
    (root / "train" / "red" / "text.jpg").write_text("no image")
    (root / "test" / "blue" / "empty.png").write_bytes(b"")
    (root / "train" / "red" / "notes.txt").write_text("not meant to be an image")
    (root / "train" / "red" / ".hidden.png").write_text("")
    for _ in range(2):  # decoded, then from the cache
        data = load_folder(root, tmp_path / "cache", Report())
        assert (len(data.train), len(data.test)) == (90, 30)
        assert [s.partition(": ")[0] for s in data.skipped] == [
            "train/red/cut.png",
            "train/red/text.jpg",
            "test/blue/empty.png",
        ]
        assert all(s.partition(": ")[2] for s in data.skipped)


def test_a_decompression_bomb_is_left_out(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (300, 300)).save(root / "train" / "red" / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40_000)
    data = load_folder(root, tmp_path / "cache", Report())
    assert len(data.skipped) == 1 and "bomb" in data.skipped[0]


def break_classes(root: Path) -> None:
    shutil.rmtree(root / "test" / "red")


def one_class(root: Path) -> None:
    for part in ("train", "test"):
        for name in ("red", "green"):
            shutil.rmtree(root / part / name)


def no_test(root: Path) -> None:
    shutil.rmtree(root / "test")


def no_images(root: Path) -> None:
    for p in root.rglob("*.png"):
        p.unlink()


def one_empty_class(root: Path) -> None:
    for p in (root / "test" / "green").iterdir():
        p.write_text("unreadable")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (break_classes, "only in train: red"),
        (one_class, "only one class, 'blue'"),
        (no_test, "no folder 'test'"),
        (no_images, "no images"),
        (one_empty_class, "no readable images of class 'green'"),
    ],
)
def test_an_unusable_folder_is_one_clear_line(root: Path, tmp_path: Path, spoil: object, said: str) -> None:
    spoil(root)  # type: ignore[operator]
    with pytest.raises(DataError) as e:
        load_folder(root, tmp_path / "cache", Report())
    assert said in e.value.message and "train/<class>" in e.value.message and "\n" not in e.value.message


@pytest.mark.parametrize(
    ("spec", "said"), [("cifar100", "did you mean 'cifar10'"), ("/no/such/place", "/no/such/place")]
)
def test_an_unknown_dataset_is_named(tmp_path: Path, spec: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load_dataset(spec, data_dir=tmp_path, cache_dir=tmp_path, report=Report())


def test_decoding_can_be_stopped(root: Path, tmp_path: Path) -> None:
    class Stopping(Report):
        polls = 0

        def poll(self) -> None:
            self.polls += 1
            if self.polls > 7:  # six folders are looked through first
                raise Cancelled

    with pytest.raises(Cancelled):
        load_folder(root, tmp_path / "cache", Stopping())
    assert not (tmp_path / "cache").exists()


def test_cifar10_as_jpeg_files(tmp_path: Path) -> None:
    if not ARCHIVE.exists():
        pytest.skip(f"needs {ARCHIVE}")
    with tarfile.open(ARCHIVE) as tar:
        per_class: dict[str, int] = {}
        for member in tar:
            name = str(Path(member.name).parent)
            if member.isfile() and per_class.get(name, 0) < 3:
                per_class[name] = per_class.get(name, 0) + 1
                tar.extract(member, tmp_path / "images", filter="data")
    data = load_folder(tmp_path / "images", tmp_path / "cache", Report())
    assert data.class_names == (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    )
    assert (len(data.train), len(data.test), data.skipped) == (30, 30, ())
    assert 60 < float(data.train.images.float().mean()) < 190


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES])
def test_an_image_that_cannot_be_read_for_a_moment_is_back_at_the_next_start(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    whole = load_folder(root, tmp_path / "other", Report())
    read = Path.read_bytes

    def refuse(self: Path) -> bytes:
        if self.match("train/red/003.png"):
            raise OSError(code, os.strerror(code), str(self))
        return read(self)

    with monkeypatch.context() as m:
        m.setattr(Path, "read_bytes", refuse)
        assert load_folder(root, tmp_path / "cache", Report()).skipped[0].startswith("train/red/003.png: ")
    again = load_folder(root, tmp_path / "cache", Report())
    assert again.skipped == () and again.fingerprint == whole.fingerprint
    decoded = count_decoded(monkeypatch)
    load_folder(root, tmp_path / "cache", Report())
    assert decoded == []


def test_a_folder_that_cannot_be_listed_is_one_clear_line(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "red":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match="red: can't read it: Permission denied"):
        load_dataset(str(root), data_dir=tmp_path, cache_dir=tmp_path / "cache", report=Report())


def test_running_out_of_memory_is_not_blamed_on_an_image(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(folder, "to_pixels", fill)
    with pytest.raises(MemoryError):
        load_folder(root, tmp_path / "cache", Report())
