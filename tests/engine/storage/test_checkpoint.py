"""Checkpoint files: whole or absent, and refused when they can't be trusted."""

import os
import pickle
import threading
from pathlib import Path

import pytest
import torch

from engine.errors import CheckpointError
from engine.storage.checkpoint import (
    CheckpointWriter,
    Job,
    checkpoint_name,
    load_checkpoint,
    newest_first,
    serialize,
    write_atomic,
)

STATE = {"model": {"w": torch.arange(2000.0)}, "epoch": 3, "best": None, "list": [1, 2.5, "x"]}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "epoch-0003.pt"
    write_atomic(path, serialize(STATE))
    return path


def test_what_is_saved_is_what_is_loaded(saved: Path) -> None:
    state = load_checkpoint(saved)
    assert torch.equal(state["model"]["w"], STATE["model"]["w"])
    assert (state["epoch"], state["best"], state["list"]) == (3, None, [1, 2.5, "x"])
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.99])
def test_a_cut_file_is_refused(saved: Path, keep: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(keep * len(content)) if keep < 1 else int(keep)])
    with pytest.raises(CheckpointError, match=saved.name):
        load_checkpoint(saved)


def test_a_flipped_bit_is_found_anywhere_in_the_tensors(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    at = content.find(torch.arange(100.0, 110.0).numpy().tobytes())
    assert at > 0
    content[at] ^= 1
    saved.write_bytes(content)
    with pytest.raises(CheckpointError):
        load_checkpoint(saved)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "f.pt"
    torch.save({"model": {"w": torch.zeros(3)}}, foreign)
    with pytest.raises(CheckpointError, match="not a checkpoint of this program"):
        load_checkpoint(foreign)


def test_changed_content_with_valid_checksums_fails_the_digest(saved: Path) -> None:
    torch.save({**load_checkpoint(saved), "epoch": 4}, saved)
    with pytest.raises(CheckpointError, match="digest"):
        load_checkpoint(saved)


class Payload:
    """Runs a command when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("write", [torch.save, lambda o, p: p.write_bytes(pickle.dumps(o))])
def test_a_malicious_file_is_refused_and_its_code_does_not_run(tmp_path: Path, write: object) -> None:
    mark, path = tmp_path / "mark", tmp_path / "evil.pt"
    write({"format": 1, "model": Payload(mark)}, path)  # type: ignore[operator]
    with pytest.raises(CheckpointError):
        load_checkpoint(path)
    assert not mark.exists()
    pickle.loads(pickle.dumps(Payload(mark)))
    assert mark.exists(), "the payload itself works, so its silence above means something"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file"):
        load_checkpoint(tmp_path / "none.pt")


def test_a_refused_rename_leaves_the_old_file_and_nothing_else(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        write_atomic(saved, b"new")
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_the_writer_keeps_the_newest_and_the_best(tmp_path: Path) -> None:
    writer, done, lock = CheckpointWriter(tmp_path, keep=2), [], threading.Lock()

    def failed(error: Exception) -> None:
        raise AssertionError(error)

    for epoch in range(1, 6):

        def on_done(_size: int, _seconds: float, epoch: int = epoch) -> None:
            with lock:
                done.append(epoch)

        best = tmp_path / "best.pt" if epoch == 2 else None
        writer.submit(Job(tmp_path / checkpoint_name(epoch, 10, 10), {"epoch": epoch}, best, on_done, failed))
    writer.close()
    assert done == [1, 2, 3, 4, 5]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["best.pt", "epoch-0004.pt", "epoch-0005.pt"]
    assert load_checkpoint(tmp_path / "best.pt")["epoch"] == 2


def test_a_failed_write_is_reported_and_the_next_is_tried(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    errors: list[Exception] = []
    done: list[int] = []

    def on_done(size: int, _seconds: float) -> None:
        done.append(size)

    writer = CheckpointWriter(tmp_path, keep=2)
    writer.submit(Job(blocked / "epoch-0001.pt", {}, None, on_done, errors.append))
    writer.submit(Job(tmp_path / "epoch-0002.pt", {}, None, on_done, errors.append))
    writer.close()
    assert len(errors) == len(done) == 1


def test_the_furthest_checkpoint_comes_first(tmp_path: Path) -> None:
    names = ["best.pt", "epoch-0001.pt", "epoch-0002-step-0000010.pt", "epoch-0002-step-0000005.pt", "epoch-0002.pt"]
    for name in names:
        (tmp_path / name).write_text("")
    assert [p.name for p in newest_first(tmp_path)] == [
        "epoch-0002.pt",
        "epoch-0002-step-0000010.pt",
        "epoch-0002-step-0000005.pt",
        "epoch-0001.pt",
        "best.pt",
    ]
