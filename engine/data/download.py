"""Downloading a file so that it is whole or not there."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

from engine.data.dataset import Report
from engine.errors import DataUnavailableError

CHUNK = 128 * 1024
OPTIONS = "Try again, give a --data-dir that holds cifar-10-python.tar.gz, or train on built-in pictures with --dataset shapes."


def download(url: str, target: Path, md5: str, report: Report, *, patience: float = 30.0) -> None:
    """Fetch `url` into `target`: to a `.part` file beside it, checked against `md5`, then renamed.

    Args:
        url: http or https.
        target: absent or whole at every moment.
        md5: hex digest that the publisher states.
        report: told the bytes; polled at least once a second, also while nothing arrives.
        patience: seconds without a byte after which the download counts as failed.

    Raises:
        DataUnavailableError: it could not be fetched whole; nothing is left behind.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = _fetch(url, part, report, patience)
        if digest != md5:
            raise DataUnavailableError(f"{url}: the download has a wrong checksum ({digest}, not {md5}). {OPTIONS}")
        part.replace(target)
    except urllib.error.HTTPError as e:
        raise DataUnavailableError(f"{url}: the server answered {e.code} {e.reason}. {OPTIONS}") from None
    except (OSError, http.client.HTTPException) as e:
        reason = getattr(e, "reason", None) or e
        text = getattr(reason, "strerror", None) or str(reason) or type(e).__name__
        raise DataUnavailableError(f"{url}: can't download it: {text}. {OPTIONS}") from None
    finally:
        part.unlink(missing_ok=True)


def _fetch(url: str, part: Path, report: Report, patience: float) -> str:
    """Copy the body into `part` and return its MD5."""
    report.poll()
    report.step("Downloading CIFAR-10", "connecting")
    digest = hashlib.md5(usedforsecurity=False)
    # The timeout is that of one wait; waits are repeated until patience ends, so that a stop is seen within a second.
    with urllib.request.urlopen(url, timeout=min(10.0, patience)) as response, part.open("wb") as f:
        length = response.headers.get("Content-Length")
        total = int(length) if length else None
        _set_timeout(response, 0.5)
        done, shown, last_byte = 0, 0.0, time.monotonic()
        while True:
            report.poll()
            try:
                piece = response.read1(CHUNK)
            except TimeoutError:
                if time.monotonic() - last_byte > patience:
                    raise TimeoutError(f"nothing arrived for {patience:g} s") from None
                continue
            if not piece:
                break
            f.write(piece)
            digest.update(piece)
            done, last_byte = done + len(piece), time.monotonic()
            if last_byte - shown > 0.2:
                report.step("Downloading CIFAR-10", "", done, total, "bytes")
                shown = last_byte
        f.flush()
        os.fsync(f.fileno())
    if total is not None and done < total:
        raise OSError(f"the connection was cut after {done:,} of {total:,} bytes")
    return digest.hexdigest()


def _set_timeout(response: http.client.HTTPResponse, seconds: float) -> None:
    """Set how long one read may wait."""
    raw = getattr(response.fp, "raw", None)
    connection = getattr(raw, "_sock", None)
    if isinstance(connection, socket.socket):
        connection.settimeout(seconds)
