"""Checkpoints: plain dictionaries of tensors and plain values, written so that a file is either whole or not there.

Writing: serialize in memory, `write_atomic`, read it back. Reading: the zip's checksums, `torch.load(weights_only=True)` and
nothing else, then a digest of the content.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import io
import queue
import threading
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.errors import CheckpointError, CheckpointUnreadError
from engine.runtime.atomic_io import write_atomic
from engine.storage.run_directory import checkpoint_name as checkpoint_name
from engine.storage.run_directory import newest_first as newest_first

FORMAT = 1
PATIENCE_SECONDS = 5.0
"""How long a disk may take before the training goes on without the checkpoint that waits for it."""

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


def load_checkpoint(path: Path) -> State:
    """The state in a checkpoint, on the CPU. No code in the file can run.

    Raises:
        CheckpointError: it is cut, damaged, of another program, or holds anything but tensors and plain values.
        CheckpointUnreadError: it is missing, or was not given out; what it holds is not known.
    """
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as z:
            # A checkpoint's parts are stored as they are: nothing in a small file may unpack to more than its size.
            if any(part.compress_type != zipfile.ZIP_STORED or part.file_size > len(content) for part in z.infolist()):
                raise CheckpointError(f"{path}: not a checkpoint of this program: its parts are compressed.")
            damaged = z.testzip()
        if damaged is not None:
            raise CheckpointError(f"{path}: damaged at {damaged}.")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except MemoryError:
        raise CheckpointUnreadError(f"{path}: can't read it: out of memory.") from None
    except OSError as e:
        raise CheckpointUnreadError(f"{path}: can't read it: {e.strerror or e}.") from None
    except Exception as e:  # a damaged file makes zip and pickle raise almost anything
        raise CheckpointError(f"{path}: no checkpoint that can be trusted ({type(e).__name__}).") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise CheckpointError(f"{path}: not a checkpoint of this program.")
    if state.get("digest") != content_digest(state):
        raise CheckpointError(f"{path}: its content does not match its digest.")
    return state


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
    """Serializes and writes checkpoints in a thread of its own, one at a time: training pays for a copy in memory only.

    Args:
        directory: where the checkpoints are; older ones than the newest `keep` are removed after each save.
    """

    def __init__(self, directory: Path, keep: int) -> None:
        self.directory, self._keep = directory, keep
        self._jobs: queue.Queue[Job | None] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._work, name="checkpoint-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Hand over a checkpoint; waits only where the one before the last is still being written.

        A disk that hangs does not hold up the training: after `PATIENCE_SECONDS`, the new one stands for the one that waited.
        """
        try:
            self._jobs.put(job, timeout=PATIENCE_SECONDS)
        except queue.Full:
            try:
                waited = self._jobs.get_nowait()
            except queue.Empty:  # taken just now
                waited = None
            if waited is not None:
                waited.failed(TimeoutError("the disk is too slow: the next checkpoint is written in its place"))
                self._jobs.task_done()
                job = dataclasses.replace(job, copy=job.copy or waited.copy)
            self._jobs.put(job)

    @property
    def idle(self) -> bool:
        """Whether everything handed over is written or has failed."""
        return self._jobs.unfinished_tasks == 0

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
            except Exception:  # a callback broke; the thread must live, or the next save would wait for ever
                warnings.warn(f"after a save:\n{traceback.format_exc()}", stacklevel=2)
            finally:
                self._jobs.task_done()

    def _write(self, job: Job) -> None:
        start = time.monotonic()
        try:
            content = serialize(job.state)
            write_atomic(job.path, content)
            load_checkpoint(job.path)  # told as saved only once it can be read again
            if job.copy is not None:
                write_atomic(job.copy, content)
        except FileNotFoundError:
            job.failed(FileNotFoundError(errno.ENOENT, "the run directory was moved or deleted", str(job.path)))
            return
        except Exception as e:  # whatever it is, the next checkpoint is tried
            job.failed(e)
            return
        job.done(len(content), time.monotonic() - start)
        others = [p for p in newest_first(self.directory) if p.name.startswith("epoch-") and p != job.path]
        for old in others[self._keep - 1 :]:
            try:
                old.unlink()
            except OSError:
                pass  # a file too many is no reason to disturb the run


def set_aside(directory: Path, named: Path) -> Path | None:
    """Move best.pt and the checkpoints further than `named` to a folder beside them, for `named` to be the newest.

    Args:
        directory: of the checkpoints.
        named: one of them.

    Returns:
        The folder, or None where there was nothing to move.
    """
    names = [p.name for p in newest_first(directory)]
    further = [n for n in names[: names.index(named.name)] if n.startswith("epoch-")] if named.name in names else []
    if not further:
        return None
    number = next(n for n in range(1, 10_000) if not (directory / f"aside-{n}").exists())
    folder = directory / f"aside-{number}"
    folder.mkdir()
    for name in (*further, "best.pt"):
        if (directory / name).exists() and name != named.name:
            (directory / name).rename(folder / name)
    return folder


def recorded_settings(resume: Path) -> dict[str, Any] | None:
    """The settings in a checkpoint, or in the newest one of a run that verifies; None where there is none."""
    for path in [resume] if resume.is_file() else newest_first(resume / "checkpoints"):
        try:
            return dict(load_checkpoint(path)["config"])
        except (CheckpointError, KeyError, TypeError, ValueError):
            continue
    return None
