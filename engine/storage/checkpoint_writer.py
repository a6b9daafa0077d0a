"""Writing checkpoints beside the training: serialize in memory, write atomically, verify, and only then report."""

from __future__ import annotations

import dataclasses
import errno
import queue
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.runtime.atomic_io import write_atomic
from engine.storage.checkpoint import State, load_checkpoint, serialize
from engine.storage.checkpoint_files import newest_first, position

PATIENCE_SECONDS = 5.0
"""How long training waits for a slow disk before it continues without the pending checkpoint."""


@dataclass(frozen=True, slots=True)
class Job:
    """One checkpoint to write."""

    path: Path
    state: State
    """From `snapshot`: its tensors are no longer changed."""
    copy: Path | None
    """A second file with the same content (best.pt), or None."""
    done: Callable[[int, float], None]
    """Called once the file is on the disk, with its size in bytes and the seconds that it took."""
    failed: Callable[[Exception], None]
    """Called instead if it could not be written."""


class CheckpointWriter:
    """Writes checkpoints one at a time, in a thread of its own. Training pays only for the copy in memory.

    Args:
        directory: of the run's checkpoints.
        keep: how many checkpoints, apart from best.pt, remain after each save: the newest.
    """

    def __init__(self, directory: Path, keep: int) -> None:
        self.directory, self._keep = directory, keep
        self._jobs: queue.Queue[Job | None] = queue.Queue(maxsize=1)
        self._thread = threading.Thread(target=self._work, name="checkpoint-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Hand over a checkpoint. Waits if one is being written and another is pending.

        A disk that hangs does not hold up the training: after `PATIENCE_SECONDS`, the new checkpoint replaces the pending one.
        """
        try:
            self._jobs.put(job, timeout=PATIENCE_SECONDS)
        except queue.Full:
            try:
                pending = self._jobs.get_nowait()
            except queue.Empty:  # the thread has just taken it
                pending = None
            if pending is not None:
                pending.failed(TimeoutError("the disk is too slow: the next checkpoint is written in its place"))
                self._jobs.task_done()
                job = dataclasses.replace(job, copy=job.copy or pending.copy)
            self._jobs.put(job)

    @property
    def idle(self) -> bool:
        """Whether everything handed over was written or has failed."""
        return self._jobs.unfinished_tasks == 0

    def flush(self) -> None:
        """Wait until everything handed over was written or has failed."""
        self._jobs.join()

    def close(self) -> None:
        """Finish what was handed over, and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                if job is None:
                    return
                self._write(job)
            except Exception:  # a callback failed; without the thread, the next save would wait forever
                warnings.warn(f"after a save:\n{traceback.format_exc()}", stacklevel=2)
            finally:
                self._jobs.task_done()

    def _write(self, job: Job) -> None:
        start = time.monotonic()
        try:
            content = serialize(job.state)
            write_atomic(job.path, content)
            load_checkpoint(job.path)  # reported as saved only if it can be read
            if job.copy is not None:
                write_atomic(job.copy, content)
        except FileNotFoundError:
            job.failed(FileNotFoundError(errno.ENOENT, "the run directory was moved or deleted", str(job.path)))
            return
        except Exception as e:  # whatever it is, the next checkpoint may succeed
            job.failed(e)
            return
        job.done(len(content), time.monotonic() - start)
        others = [p for p in newest_first(self.directory) if position(p) is not None and p != job.path]
        for old in others[self._keep - 1 :]:
            try:
                old.unlink()
            except OSError:
                pass  # one file too many does no harm
