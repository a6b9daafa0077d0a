"""The thread that writes checkpoints: which ones it keeps, and that a failure does not end it."""

import threading
from pathlib import Path

from engine.storage.checkpoint import load_checkpoint
from engine.storage.checkpoint_files import checkpoint_name
from engine.storage.checkpoint_writer import CheckpointWriter, Job


def test_the_writer_keeps_the_newest_and_the_best(tmp_path: Path) -> None:
    (tmp_path / "mine.pt").touch()
    writer, done, lock = CheckpointWriter(tmp_path, keep=2), [], threading.Lock()

    def failed(error: Exception) -> None:
        raise AssertionError(error)

    for epoch in range(1, 6):

        def on_done(_size: int, _seconds: float, epoch: int = epoch) -> None:
            with lock:
                done.append(epoch)

        best = tmp_path / "best.pt" if epoch == 2 else None
        writer.submit(Job(tmp_path / checkpoint_name(epoch), {"epoch": epoch}, best, on_done, failed))
    writer.close()
    assert done == [1, 2, 3, 4, 5]
    kept = sorted(p.name for p in tmp_path.iterdir())
    assert kept == ["best.pt", "epoch-0004.pt", "epoch-0005.pt", "mine.pt"], "what a user put there stays"
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
