"""Downloads of which nothing incomplete is ever left behind."""

from __future__ import annotations

import hashlib
import http.client
import os
import queue
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, cast

from engine.data.types import Report
from engine.errors import DataUnavailableError
from engine.runtime.atomic_io import try_lock

CHUNK = 128 * 1024


def download(url: str, target: Path, md5: str, report: Report, *, patience: float = 30.0) -> None:
    """Download `url` to `target`: to a `.part` file next to it, which is verified, then renamed.

    One process at a time downloads a file; a second one waits, then finds it there or tries itself. A `.part` file left by a
    killed process is overwritten.

    Args:
        url: http or https.
        target: absent or complete at every moment.
        md5: hex digest published with the file.
        report: receives the number of bytes; polled several times a second, even while nothing arrives.
        patience: seconds without a byte after which the download counts as failed.

    Raises:
        DataUnavailableError: it could not be downloaded; nothing is left behind.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_alone(part, "ab", report, "downloads") as f:
            try:
                if target.exists():  # the other process downloaded it
                    part.unlink()
                    return
                f.truncate(0)
                _fetch(url, f, report, patience)
                digest = _md5(part)
                if digest != md5:
                    raise DataUnavailableError(f"{url}: the download has a wrong checksum ({digest}, not {md5}).")
                part.replace(target)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
    except urllib.error.HTTPError as e:
        raise DataUnavailableError(f"{url}: the server answered {e.code} {e.reason}.") from None
    except (OSError, ValueError, http.client.HTTPException) as e:
        reason = getattr(e, "reason", None) or e
        text = getattr(reason, "strerror", None) or str(reason) or type(e).__name__
        if name := getattr(reason, "filename", None):  # it was the disk, not the network
            text = f"{name}: {text}"
        raise DataUnavailableError(f"{url}: can't download it: {text}.") from None


def open_alone(path: Path, mode: str, report: Report, doing: str) -> IO[bytes]:
    """Open a file and lock it; while another process holds the lock, report that and wait.

    Args:
        doing: what the other process is doing with it: "downloads".

    Raises:
        OSError: it can't be opened.
    """
    while True:
        f = cast(IO[bytes], path.open(mode))
        try:
            if try_lock(f) is not False:
                if _is_at(f, path):  # otherwise the other process has renamed or removed it
                    return f
            else:
                size = os.fstat(f.fileno()).st_size
                report.step("Waiting for another process", f"which {doing} {path}", size, None, "bytes")
                report.poll()
                time.sleep(0.2)
        except BaseException:
            f.close()
            raise
        f.close()


def _is_at(f: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(f.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _md5(path: Path) -> str:
    """Hex digest of what is on the disk, which is what will be read."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _fetch(url: str, f: IO[bytes], report: Report, patience: float) -> None:
    """Download the body into `f`."""
    report.poll()
    report.step("Downloading CIFAR-10", "connecting")
    stream = _Stream(url, patience)
    try:
        done, shown = 0, 0.0
        while piece := stream.next(report):
            f.write(piece)
            done += len(piece)
            if time.monotonic() - shown > 0.2:
                report.step("Downloading CIFAR-10", "", done, stream.length, "bytes")
                shown = time.monotonic()
        f.flush()
        os.fsync(f.fileno())
    finally:
        stream.abandoned.set()
    if stream.length is not None and done < stream.length:
        raise OSError(f"the connection was cut after {done:,} of {stream.length:,} bytes")


class _Stream:
    """The body of a response, read in a thread of its own, so that a stop is noticed while nothing arrives."""

    def __init__(self, url: str, patience: float) -> None:
        self.length: int | None = None
        """Total bytes, if the server states it; known once the first piece has arrived."""
        self.abandoned = threading.Event()
        self._pieces: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        self._patience = patience
        threading.Thread(target=self._read, args=(url,), name="download", daemon=True).start()

    def next(self, report: Report) -> bytes:
        """The next piece, b"" at the end. Raises what reading raised."""
        while True:
            report.poll()
            try:
                piece = self._pieces.get(timeout=0.2)
            except queue.Empty:
                continue
            if isinstance(piece, Exception):
                raise piece
            return piece

    def _read(self, url: str) -> None:
        try:
            with urllib.request.urlopen(url, timeout=self._patience) as response:
                length = response.headers.get("Content-Length")
                self.length = int(length) if length else None
                while (piece := response.read1(CHUNK)) and not self.abandoned.is_set():
                    self._pieces.put(piece)
            self._pieces.put(b"")
        except TimeoutError:
            self._pieces.put(TimeoutError(f"nothing arrived for {self._patience:g} s"))
        except Exception as e:  # raised again by `next`
            self._pieces.put(e)
