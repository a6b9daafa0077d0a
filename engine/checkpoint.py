"""Checkpoints: plain dictionaries of tensors and plain values, written so that a file is either whole or not there.

Writing: serialize in memory, write a temporary file beside the target, fsync, rename over it, fsync the directory, read it
back. Reading: the zip's checksums, `torch.load(weights_only=True)` and nothing else, then a digest of the content.
"""

from __future__ import annotations

import hashlib
import io
import os
import queue
import re
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.errors import CheckpointError

FORMAT = 1

State = dict[str, Any]


def content_digest(state: State) -> str:
    """Hex digest of every key, tensor and plain value but the key "digest", wherever they lie in memory."""
    h = hashlib.sha256()

    def add(value: Any) -> None:
        if isinstance(value, dict):
            h.update(b"{%d" % len(value))
            for k, v in value.items():
                h.update(repr(k).encode())
                add(v)
        elif isinstance(value, (list, tuple)):
            h.update(b"[%d" % len(value))
            for v in value:
                add(v)
        elif isinstance(value, torch.Tensor):
            t = value.detach().cpu().contiguous()
            h.update(f"{t.dtype}{tuple(t.shape)}".encode())
            h.update(t.reshape(-1).view(torch.uint8).numpy().tobytes())
        else:
            h.update(repr(value).encode())

    add({k: v for k, v in state.items() if k != "digest"})
    return h.hexdigest()


def serialize(state: State) -> bytes:
    """The bytes of a checkpoint file holding `state`, a dictionary of tensors and plain values."""
    buffer = io.BytesIO()
    torch.save({**state, "format": FORMAT, "digest": content_digest({**state, "format": FORMAT})}, buffer)
    return buffer.getvalue()


def snapshot(state: Any) -> Any:
    """A copy of `state`, its tensors on the CPU, that later training steps do not change."""
    if isinstance(state, torch.Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, dict):
        return {k: snapshot(v) for k, v in state.items()}
    if isinstance(state, list):
        return [snapshot(v) for v in state]
    return state


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that at every moment `path` is the old file, the new one, or absent: never a part.

    Raises:
        OSError: it could not be written, or did not read back the same; no temporary file is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as f:
            f.write(content)
            f.flush()
            os.fsync(f.fileno())
        temporary.replace(path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if path.read_bytes() != content:
        raise OSError(f"{path} does not read back as written")


def load_checkpoint(path: Path) -> State:
    """The state in a checkpoint, on the CPU. No code in the file can run.

    Raises:
        CheckpointError: it is missing, cut, damaged, of another program, or holds anything but tensors and plain values.
    """
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as z:
            damaged = z.testzip()
        if damaged is not None:
            raise CheckpointError(f"{path}: damaged at {damaged}.")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except OSError as e:
        raise CheckpointError(f"{path}: can't read it: {e.strerror or e}.") from None
    except Exception as e:  # a damaged file makes zip and pickle raise almost anything
        raise CheckpointError(f"{path}: no checkpoint that can be trusted ({type(e).__name__}).") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise CheckpointError(f"{path}: not a checkpoint of this program.")
    if state.get("digest") != content_digest(state):
        raise CheckpointError(f"{path}: its content does not match its digest.")
    return state


def checkpoint_name(epoch: int, step: int, steps: int) -> str:
    """File name of the checkpoint at `step` of `steps` in `epoch`, in an order that sorts."""
    return f"epoch-{epoch:04d}.pt" if step >= steps else f"epoch-{epoch:04d}-step-{step:07d}.pt"


def newest_first(directory: Path) -> list[Path]:
    """The checkpoints in a folder, the furthest in training first; best.pt, a copy of one of them, comes last."""

    def position(path: Path) -> tuple[int, float]:
        found = re.fullmatch(r"epoch-(\d+)(?:-step-(\d+))?\.pt", path.name)
        return (0, 0) if found is None else (int(found[1]), int(found[2]) if found[2] else float("inf"))

    return sorted(directory.glob("*.pt"), key=position, reverse=True)


@dataclass(frozen=True, slots=True)
class Job:
    """One checkpoint to write."""

    path: Path
    state: State
    """As `snapshot` gives it: nobody changes its tensors any more."""
    copy: Path | None
    """A second file of the same content (best.pt), or None."""
    done: Callable[[int, float], None]
    """Called with its bytes and the seconds it took, once the file is whole."""
    failed: Callable[[Exception], None]


class CheckpointWriter:
    """Serializes and writes checkpoints in a thread of its own, one at a time: training pays for a copy in memory only."""

    def __init__(self, directory: Path, keep: int) -> None:
        self._directory, self._keep = directory, keep
        self._jobs: queue.Queue[Job | None] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._work, name="checkpoint-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Hand over a checkpoint; waits only where the one before the last is still being written."""
        self._jobs.put(job)

    def flush(self) -> None:
        """Wait until everything handed over is written or has failed."""
        self._jobs.join()

    def close(self) -> None:
        """Finish what was handed over and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                if job is None:
                    return
                self._write(job)
            finally:
                self._jobs.task_done()

    def _write(self, job: Job) -> None:
        start = time.monotonic()
        try:
            content = serialize(job.state)
            write_whole(job.path, content)
            load_checkpoint(job.path)  # told as saved only once it can be read again
            if job.copy is not None:
                write_whole(job.copy, content)
        except Exception as e:  # whatever it is, the next checkpoint is tried
            job.failed(e)
            return
        job.done(len(content), time.monotonic() - start)
        kept = [p for p in newest_first(self._directory) if p.name.startswith("epoch-")]
        for old in kept[self._keep :]:
            try:
                old.unlink()
            except OSError:
                pass  # a file too many is no reason to disturb the run
