"""The content of checkpoints: read back as written, and refused if it can't be trusted."""

import os
import pickle
from pathlib import Path

import pytest
import torch

from engine.errors import CheckpointError
from engine.runtime.atomic_io import write_atomic
from engine.storage.checkpoint import load_checkpoint, serialize

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
def test_a_truncated_file_is_refused(saved: Path, keep: float) -> None:
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
